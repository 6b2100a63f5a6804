#include "policy/value_mistakes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/suggestion.h"
#include "policy/value_text.h"

namespace reaper::policy {
namespace {

/// Words that other tools use for what is called otherwise here.
struct Synonym {
    std::string_view word;
    std::string_view ours;
};
constexpr std::array kSynonyms = {
    Synonym{"kill", "terminate"}, Synonym{"stop", "terminate"},   Synonym{"end", "terminate"},
    Synonym{"reap", "terminate"}, Synonym{"remove", "terminate"}, Synonym{"warn", "report"},
    Synonym{"log", "report"},     Synonym{"alert", "report"},     Synonym{"ignore", "report"},
    Synonym{"none", "report"},    Synonym{"pause", "freeze"},     Synonym{"suspend", "freeze"},
    Synonym{"limit", "throttle"}, Synonym{"none", "nothing"},     Synonym{"used", "in_use"},
    Synonym{"active", "in_use"},  Synonym{"dry-run", "observe"},  Synonym{"monitor", "observe"},
    Synonym{"session", "client"}, Synonym{"global", "host"},      Synonym{"system", "host"},
};

}  // namespace

tl::unexpected<std::vector<YamlMistake>> wrong(YamlMark mark, std::string what) {
    return tl::unexpected(std::vector<YamlMistake>{{mark, std::move(what)}});
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t kShown = 60;
    std::string shown = "'";
    for (const char c : text.substr(0, kShown)) {
        const auto byte = static_cast<unsigned char>(c);
        shown += byte < 0x20 || byte == 0x7F ? '?' : c;
    }
    if (text.size() > kShown) shown += "…";
    return shown + "'";
}

std::string found(const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::null:
            return "nothing is given";
        case YamlNode::Kind::sequence:
            return node.items.empty() ? "an empty list is not" : "a list is not";
        case YamlNode::Kind::mapping:
            return "a mapping is not";
        case YamlNode::Kind::scalar:
            return in_quotes(node.text) + " is not";
    }
    return {};
}

std::string must_be(const Key& key, const YamlNode& node) {
    return std::string(key.name) + " must be " + allowed_values(key) + "; " + found(node);
}

std::string did_you_mean(std::string_view word) {
    return word.empty() ? std::string{} : "; did you mean '" + std::string(word) + "'?";
}

std::string suggestion(std::span<const std::string_view> choices, const std::string& word) {
    const auto is_choice = [&](std::string_view w) {
        return std::find(choices.begin(), choices.end(), w) != choices.end();
    };
    for (const Synonym& synonym : kSynonyms) {
        if (synonym.word == lower(word) && is_choice(synonym.ours)) return std::string(synonym.ours);
    }
    return std::string(nearest(word, choices).value_or(""));
}

}  // namespace reaper::policy
