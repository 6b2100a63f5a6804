// Shells, and the programs that only change the circumstances of another: env, timeout, sudo …
#include <algorithm>
#include <array>

#include "classify/launchers.h"
#include "classify/shell.h"

namespace reaper::classify {
namespace {

using std::string_view;

constexpr std::array<string_view, 20> kNotPrograms = {
    "cd", "source", ".",      "set",   "echo", "printf", "sleep", "true",  "false", "done",
    "fi", "umask",  "ulimit", "unset", "trap", "test",   "[",     "pushd", "popd",  "wait"};

/// The words of a joined script, with `eval` opened.
void collect(std::string_view script, int depth, Reading& reading) {
    for (const std::vector<std::string>& command : simple_commands(script)) {
        if (std::find(kNotPrograms.begin(), kNotPrograms.end(), command[0]) != kNotPrograms.end())
            continue;
        if (command[0] == "eval") {
            std::string inner;
            for (const std::string& word : Words(command).subspan(1)) inner += word + ' ';
            if (depth < 4) collect(inner, depth + 1, reading);
            continue;
        }
        Reading one = read_command(command, depth + 1);
        for (Program& program : one.programs) reading.programs.push_back(std::move(program));
    }
}

/// "-c", "-lc", "-ec": short options of which one is c.
bool takes_command(string_view word) {
    return word.size() > 1 && word[0] == '-' && word[1] != '-' && word.find('c') != string_view::npos;
}

/// How a program reads its own words before those of the command.
struct Prefix {
    string_view name;
    std::array<string_view, 10> with_value{};
    std::size_t positionals = 0;
    string_view verb{};  ///< A sub-command that must stand first.
};

constexpr auto kPrefixes = std::to_array<Prefix>({
    {"env", {"-u", "--unset", "-C", "--chdir"}},
    {"timeout", {"-s", "--signal", "-k", "--kill-after"}, 1},
    {"nice", {"-n", "--adjustment"}},
    {"ionice", {"-c", "-n", "-p"}},
    {"chrt", {"-T", "-P", "-D"}, 1},
    {"sudo", {"-u", "--user", "-g", "--group", "-h", "-p", "-C", "-D", "-R", "-T"}},
    {"doas", {"-u", "-C"}},
    {"xvfb-run", {"-s", "--server-args", "-n", "--server-num", "-e", "-f", "-w"}},
    {"dotenv", {"-e", "-f", "--file", "-c"}},
    {"op", {"--env-file", "--account"}, 0, "run"},
    {"doppler", {"-p", "--project", "-c", "--config", "-t", "--token"}, 0, "run"},
    {"infisical", {"--env", "--path", "--projectId", "--token"}, 0, "run"},
    {"chamber", {}, 1, "exec"},
    {"aws-vault", {"-d", "--duration"}, 1, "exec"},
    {"mise", {"-C", "--cd"}, 0, "exec"},
    {"asdf", {}, 0, "exec"},
    {"direnv", {}, 1, "exec"},
    {"volta", {"--node", "--npm"}, 0, "run"},
    {"fnm", {"--using"}, 0, "exec"},
    {"systemd-run", {"-p", "--property", "-u", "--unit", "--slice", "-M", "--uid", "-E", "-d"}},
    {"caffeinate", {"-t", "-w"}},
});

Prefix prefix(string_view name) {
    const auto* const known = std::find_if(kPrefixes.begin(), kPrefixes.end(),
                                           [&](const Prefix& one) { return one.name == name; });
    return known == kPrefixes.end() ? Prefix{} : *known;
}

}  // namespace

Reading read_shell(Words words, int depth) {
    std::size_t at = 1;
    bool command = false;
    for (; at < words.size() && (words[at].starts_with('-') || words[at].starts_with('+')); ++at) {
        if (words[at] == "--") {
            ++at;
            break;
        }
        if (words[at] == "-o" || words[at] == "+o" || words[at] == "-O" || words[at] == "--rcfile" ||
            words[at] == "--init-file") {
            ++at;
            continue;
        }
        if (takes_command(words[at])) command = true;
    }
    if (at >= words.size()) return {};  // a bare shell: nobody's launcher
    const std::string name = program_name(words[0]);
    if (!command) {
        Program program = program_at(words[at], NameOf::script);
        program.arguments = rest_of(words, at + 1);
        program.interpreted = true;
        return launched(LauncherKind::wrapper, name, std::move(program));
    }
    // Text loses the border of the script: what follows may be part of it.
    std::string script = words[at];
    for (const std::string& word : words.subspan(at + 1)) script += ' ' + word;
    Reading reading{LauncherKind::wrapper, name + " -c", {}};
    collect(script, depth, reading);
    return reading;
}

Reading read_ssh(Words words, int depth) {
    const std::size_t host =
        skip_options(words, 1, {"-p", "-i", "-l", "-o", "-F", "-J", "-L", "-R", "-D", "-b", "-c",
                                "-e", "-E", "-m", "-O", "-Q", "-S", "-W", "-w", "-B", "-I"});
    if (host + 1 >= words.size()) return {};
    std::string script;  // The other side gives what follows to a shell.
    for (const std::string& word : words.subspan(host + 1)) script += word + ' ';
    Reading reading{LauncherKind::wrapper, "ssh", {}};
    collect(script, depth, reading);
    return reading;
}

Reading read_prefix(Words words, int depth) {
    const std::string name = program_name(words[0]);
    const Prefix known = prefix(name);
    std::size_t at = 1;
    if (!known.verb.empty()) {
        const auto verb = std::find_if(words.begin(), words.end(), [&](const std::string& word) {
            return word == known.verb || (known.verb == "exec" && word == "x");
        });
        if (verb == words.end()) {  // `mise mcp`: the program itself
            Program program = program_at(words[0], NameOf::binary);
            program.arguments = rest_of(words, 1);
            return {LauncherKind::none, {}, {std::move(program)}};
        }
        at = static_cast<std::size_t>(verb - words.begin()) + 1;
    }
    const std::size_t first = at;
    at = skip_options(words, at, known.with_value);
    const bool ended = at > first && words[at - 1] == "--";
    // `mise x node@22 -- npx …`: behind a verb, what stands before "--" is the tool's own.
    const auto border = std::find(words.begin() + static_cast<std::ptrdiff_t>(at), words.end(), "--");
    if (!known.verb.empty() && !ended && border != words.end()) {
        at = static_cast<std::size_t>(border - words.begin());
    } else {
        at += ended ? 0 : known.positionals;
    }
    if (at < words.size() && words[at] == "--") ++at;
    if (at >= words.size()) return {};
    return launched(LauncherKind::wrapper, name, words.subspan(at), depth);
}

}  // namespace reaper::classify
