#include "policy/suggestion.h"

#include <algorithm>
#include <string>
#include <vector>

namespace reaper::policy {
namespace {

constexpr std::size_t kLongestWord = 64;

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// maxCpuPercent, max-cpu-percent and MAX_CPU_PERCENT all become max_cpu_percent.
std::string normal(std::string_view word) {
    std::string result;
    bool after_small = false;
    for (const char c : word.substr(0, kLongestWord)) {
        const bool capital = c >= 'A' && c <= 'Z';
        if (capital && after_small) result += '_';
        result += c == '-' || c == ' ' ? '_' : lower(c);
        after_small = c >= 'a' && c <= 'z';
    }
    return result;
}

/// Optimal string alignment over three rows.
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        before.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

/// One slip in a short word, up to one in three letters of a long one.
std::size_t tolerance(std::size_t length) {
    return std::max<std::size_t>(1, length / 3);
}

/// Part of a name stands for it: "max_cpu" for max_cpu_percent, "age" for max_age_seconds is too little.
bool begins(const std::string& word, const std::string& candidate) {
    return word.size() >= 4 && candidate.starts_with(word);
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    return distance(normal(a), normal(b));
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates) {
    if (word.empty() || word.size() > kLongestWord) return std::nullopt;
    const std::string wanted = normal(word);
    std::optional<std::string_view> best;
    std::size_t least = tolerance(wanted.size()) + 1;
    for (const std::string_view candidate : candidates) {
        const std::size_t away = distance(wanted, normal(candidate));
        if (away < least) {
            least = away;
            best = candidate;
        }
    }
    if (best) return best;
    for (const std::string_view candidate : candidates) {
        if (begins(wanted, normal(candidate))) return candidate;
    }
    return std::nullopt;
}

}  // namespace reaper::policy
