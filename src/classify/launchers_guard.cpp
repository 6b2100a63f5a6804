// Our own guard: `mcp-reaper run [OPTIONS] -- COMMAND`, and what that becomes,
// `mcp-reaper-guard [SETTINGS] -- COMMAND`; its keeper has the same command line.
#include <algorithm>

#include "classify/launchers.h"

namespace reaper::classify {
namespace {

/// What it was told: `type=git` the guard itself, `--type git` the command that becomes it.
std::string type_told(Words words, bool is_guard) {
    if (!is_guard) return std::string(option_value(words, 2, words.size(), {"--type"}));
    constexpr std::string_view kType = "type=";
    for (const std::string& word : words) {
        if (word.starts_with(kType)) return word.substr(kType.size());
    }
    return {};
}

}  // namespace

Reading read_guard(Words words, int depth) {
    const bool is_guard = program_name(words[0]) == "mcp-reaper-guard";
    // `mcp-reaper scan` starts nothing, `mcp-reaper run --help` neither.
    if (!is_guard && (words.size() < 2 || words[1] != "run")) return {};
    const auto border = std::find(words.begin(), words.end(), "--");
    if (border == words.end() || border + 1 == words.end()) return {};
    const auto at = static_cast<std::size_t>(border - words.begin());
    Reading reading = launched(LauncherKind::supervisor, "mcp-reaper run", words.subspan(at + 1), depth);
    // Whatever runs under a guard is a server; its type is what it was called, if its name does not say.
    const std::string type = type_told(words.first(at), is_guard);
    for (Program& program : reading.programs) {
        program.also.push_back((type.empty() ? program.slot : type) + "-mcp");
    }
    return reading;
}

}  // namespace reaper::classify
