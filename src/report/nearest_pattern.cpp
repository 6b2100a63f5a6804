#include "report/nearest_pattern.h"

#include <algorithm>
#include <utility>

namespace reaper::report {
namespace {

constexpr std::size_t kLongestText = 64;
/// Shorter parts in common are chance: every second name holds "mcp" and "er".
constexpr std::size_t kShortestCommon = 4;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '@' ||
           c == '/';
}

/// What every name has, and tells nothing.
std::string without_common_words(std::string text) {
    for (const std::string_view word : {"modelcontextprotocol", "server", "mcp"}) {
        for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
            text.replace(at, word.size(), " ");
        }
    }
    return text;
}

std::string normal(std::string_view text) {
    std::string small;
    for (const char c : text.substr(0, kLongestText)) small += lower(c);
    return without_common_words(small);
}

/// The longest part of a pattern that has no operator in it.
std::string fixed_text(std::string_view pattern) {
    std::string longest;
    std::string part;
    for (const char raw : pattern.substr(0, 4 * kLongestText)) {
        const char c = lower(raw);
        if (raw == '\\') continue;
        if (is_name_char(c)) {
            part += c;
        } else {
            part.clear();
        }
        if (part.size() > longest.size()) longest = part;
    }
    return normal(longest);
}

std::size_t longest_common_part(std::string_view a, std::string_view b) {
    std::size_t best = 0;
    std::vector<std::size_t> row(b.size() + 1, 0);
    for (const char c : a) {
        std::size_t diagonal = 0;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t length = c == b[j] && c != ' ' ? diagonal + 1 : 0;
            diagonal = std::exchange(row[j + 1], length);
            best = std::max(best, length);
        }
    }
    return best;
}

}  // namespace

std::vector<const classify::TypePattern*> nearest_patterns(
    std::string_view slot, const std::vector<classify::TypePattern>& patterns, std::size_t count) {
    const std::string name = normal(slot.substr(slot.size() - std::min(slot.size(), kLongestText)));
    std::vector<std::pair<std::size_t, const classify::TypePattern*>> near;
    for (const classify::TypePattern& pattern : patterns) {
        const std::size_t common = std::max(longest_common_part(name, fixed_text(pattern.pattern)),
                                            longest_common_part(name, normal(pattern.type)));
        if (common >= kShortestCommon) near.emplace_back(common, &pattern);
    }
    std::stable_sort(near.begin(), near.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<const classify::TypePattern*> nearest;
    for (const auto& [common, pattern] : near) {
        if (nearest.size() == count) break;
        nearest.push_back(pattern);
    }
    return nearest;
}

}  // namespace reaper::report
