#include "classify/subcommand.h"

#include <algorithm>
#include <array>

#include "classify/name.h"

namespace reaper::classify {
namespace {

using std::string_view;

constexpr std::size_t kMaxArgumentsRead = 64;

/// `--transport stdio`, `--transport=sse`: the words of the protocol itself.
bool names_transport(string_view option, string_view value) {
    constexpr string_view kOption = "--transport";
    if (!option.starts_with(kOption)) return false;
    if (option.size() > kOption.size()) {
        if (option[kOption.size()] != '=') return false;
        value = option.substr(kOption.size() + 1);
    }
    return value == "stdio" || value == "sse" || value == "streamable-http" ||
           value == "streamableHttp" || value == "streamable_http";
}

}  // namespace

string_view argument(const Program& program, std::size_t index) {
    return index < program.arguments.size() ? string_view(program.arguments[index]) : string_view();
}

std::string serving_subcommand(const Program& program, string_view client) {
    const string_view first = argument(program, 0);
    constexpr auto kServing = std::to_array<string_view>(
        {"mcp-server", "start-mcp-server", "start-mcp", "serve-mcp", "mcp-serve", "mcp_server",
         "mcp-stdio", "run-mcp", "run-mcp-server", "mcp-gate", "mcp-gateway", "mcp-proxy", "mcp-bridge",
         "mcp-start", "mcp-run"});
    if (std::find(kServing.begin(), kServing.end(), first) != kServing.end()) return std::string(first);
    if (first == "mcp") {
        const string_view second = argument(program, 1);
        const bool serves =
            second == "serve" || second == "server" || second == "start" || second == "stdio";
        if (serves) return "mcp " + std::string(second);
        // goose runs its own extensions as `goose mcp developer`; the other clients manage theirs.
        if (!client.empty() && (client != "goose" || second.empty())) return {};
        return is_administration(second) ? std::string() : "mcp";
    }
    if (first.ends_with(":mcp") || first.starts_with("mcp:")) return std::string(first);
    if (!client.empty()) return {};
    for (std::size_t i = 0; i < program.arguments.size() && i < kMaxArgumentsRead; ++i) {
        const string_view word = program.arguments[i];
        if (word == "--") break;
        if (word == "--mcp" || word == "--mcp-server" || word == "--mcp-stdio") return std::string(word);
        if (names_transport(word, argument(program, i + 1))) return "--transport";
    }
    // "github-mcp-server stdio", "/path/to/binary stdio": a language server says --stdio.
    return first == "stdio" && program.arguments.size() == 1 && !program.interpreted ? "stdio" : "";
}

}  // namespace reaper::classify
