#include "clients/misspelling.h"

#include <algorithm>
#include <set>

#include "clients/json_text.h"
#include "policy/suggestion.h"

namespace reaper::clients {
namespace {

/// Shorter ones are near to too many: mcp-server-gis is not mcp-server-git.
constexpr std::size_t kShortest = 5;
/// A slip in every so many letters.
constexpr std::size_t kLettersPerSlip = 3;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Runs of letters that are long enough to be misspelt.
std::vector<Span> words_in(std::string_view text) {
    std::vector<Span> words;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        while (at < text.size() && is_letter(text[at])) ++at;
        if (at - begin >= kShortest) words.push_back({begin, at});
        at = std::max(at, begin + 1);
    }
    return words;
}

std::set<std::string, std::less<>> known_words(const classify::Classifier& classifier) {
    std::set<std::string, std::less<>> known;
    for (const classify::TypePattern& type : classifier.types()) {
        for (const Span word : words_in(type.pattern)) {
            known.emplace(std::string_view(type.pattern).substr(word.begin, word.end - word.begin));
        }
    }
    return known;
}

}  // namespace

std::optional<std::string> meant_package(const classify::Classifier& classifier,
                                         std::string_view package) {
    if (package.size() > classify::kMaxSlotBytes || classifier.match_slot(package)) return std::nullopt;
    const auto known = known_words(classifier);
    std::optional<std::string> meant;
    std::size_t least = 0;
    for (const Span place : words_in(package)) {
        const std::string_view word = package.substr(place.begin, place.end - place.begin);
        if (known.contains(word)) continue;
        for (const std::string& other : known) {
            const std::size_t slips = policy::edit_distance(word, other);
            if (slips > word.size() / kLettersPerSlip || (meant && slips >= least)) continue;
            std::string candidate(package);
            candidate.replace(place.begin, word.size(), other);
            if (!classifier.match_slot(candidate)) continue;
            meant = std::move(candidate);
            least = slips;
        }
    }
    return meant;
}

}  // namespace reaper::clients
