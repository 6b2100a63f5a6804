#include "clients/variables.h"

#include <algorithm>

namespace reaper::clients {
namespace {

bool is_name(std::string_view text) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
           std::all_of(text.begin(), text.end(), fits);
}

/// Set by Claude Code itself.
bool is_its_own(std::string_view name) {
    return name.starts_with("CLAUDE_");
}

}  // namespace

std::vector<std::string> variables_in(std::string_view value, Client client) {
    constexpr std::string_view kEnvironment = "env:";
    std::vector<std::string> names;
    for (std::size_t open = value.find("${"); open != std::string_view::npos;
         open = value.find("${", open + 2)) {
        const std::size_t close = value.find('}', open);
        if (close == std::string_view::npos) break;
        std::string_view inside = value.substr(open + 2, close - open - 2);
        const bool prefixed = inside.starts_with(kEnvironment);
        if (prefixed) inside.remove_prefix(kEnvironment.size());
        if (prefixed == (client == Client::claude_code)) continue;
        if (is_name(inside) && !is_its_own(inside)) names.emplace_back(inside);
    }
    return names;
}

}  // namespace reaper::clients
