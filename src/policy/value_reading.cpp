#include "policy/value_reading.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "classify/classifier.h"
#include "policy/suggestion.h"
#include "policy/value_text.h"

namespace reaper::policy {
namespace {

using Read = tl::expected<Value, std::vector<YamlMistake>>;

constexpr double kMebi = 1024.0 * 1024.0;

/// For RE2's program of one pattern; what the classifier allows.
constexpr std::int64_t kMaxPatternMemory = 512 * 1024;

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

/// What stands there, for people.
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

// ---- figures

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
    });
    return result;
}

/// "2GB" -> 2048: the figure in the unit of the file; nothing where the text is none.
std::optional<double> with_unit(Shape shape, const std::string& text) {
    const std::string_view form = text_form(shape);
    if (!RE2::FullMatch(text, re2::StringPiece(form.data(), form.size()))) return std::nullopt;
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) return std::nullopt;
    std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    if (rest.empty()) return number;
    // Only capitals of memory units pass the form.
    const std::string unit = lower(rest);
    for (const Unit& known : units_of(shape)) {
        if (known.name == unit) return number * known.factor;
    }
    return std::nullopt;
}

Read read_figure(const Key& key, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::scalar) return wrong(node.mark, must_be(key, node));
    if (key.may_be_none && node.text == "none") return Value{NoLimit{}};
    std::optional<double> figure;
    const ScalarType type = scalar_type(node);
    if (type == ScalarType::number) figure = number_of(node);
    if (type == ScalarType::text && !units_of(key.shape).empty())
        figure = with_unit(key.shape, node.text);
    const bool whole = key.shape != Shape::percent && key.shape != Shape::memory;
    const bool fits = figure && std::isfinite(*figure) && (!whole || std::floor(*figure) == *figure) &&
                      *figure >= key.min && *figure <= key.max;
    if (!fits) return wrong(node.mark, must_be(key, node));
    return Value{key.shape == Shape::memory ? std::round(*figure * kMebi) : *figure};
}

Read read_version(const Key& key, const YamlNode& node) {
    const bool number = node.kind == YamlNode::Kind::scalar && scalar_type(node) == ScalarType::number;
    if (number && number_of(node) == 1) return Value{1.0};
    if (number) {
        return wrong(node.mark,
                     "version " + node.text +
                         " of the file format is not known here; this program reads version 1");
    }
    return wrong(node.mark, must_be(key, node));
}

// ---- words

Read read_boolean(const Key& key, const YamlNode& node) {
    if (node.kind == YamlNode::Kind::scalar && scalar_type(node) == ScalarType::boolean) {
        return Value{lower(node.text) == "true"};
    }
    std::string hint;
    if (node.kind == YamlNode::Kind::scalar) {
        const std::string word = lower(node.text);
        if (word == "yes" || word == "on" || word == "y" || word == "true") hint = "true";
        if (word == "no" || word == "off" || word == "n" || word == "false") hint = "false";
    }
    return wrong(node.mark, must_be(key, node) + did_you_mean(hint));
}

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

std::string suggestion(std::span<const std::string_view> choices, const std::string& word) {
    const auto is_choice = [&](std::string_view w) {
        return std::find(choices.begin(), choices.end(), w) != choices.end();
    };
    for (const Synonym& synonym : kSynonyms) {
        if (synonym.word == lower(word) && is_choice(synonym.ours)) return std::string(synonym.ours);
    }
    return std::string(nearest(word, choices).value_or(""));
}

Read read_choice(const Key& key, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::scalar) return wrong(node.mark, must_be(key, node));
    if (std::find(key.choices.begin(), key.choices.end(), node.text) != key.choices.end()) {
        return Value{node.text};
    }
    return wrong(node.mark, must_be(key, node) + did_you_mean(suggestion(key.choices, node.text)));
}

std::vector<std::string_view> rule_names() {
    std::vector<std::string_view> names;
    names.reserve(kRules.size());
    for (const Rule rule : kRules) names.push_back(to_string(rule));
    return names;
}

Read read_rules(const Key& key, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::sequence || node.items.empty()) {
        return wrong(node.mark, must_be(key, node));
    }
    const std::vector<std::string_view> known = rule_names();
    std::vector<std::string> rules;
    std::vector<YamlMistake> mistakes;
    for (const YamlNode& item : node.items) {
        const std::string& name = item.text;
        if (std::find(rules.begin(), rules.end(), name) != rules.end()) {
            mistakes.push_back({item.mark, "rule '" + name + "' is listed twice"});
        } else if (item.kind == YamlNode::Kind::scalar && rule_from(name)) {
            rules.push_back(name);
        } else {
            mistakes.push_back({item.mark, "rules must be a list of rule names; " + found(item) +
                                               " one" + did_you_mean(suggestion(known, name))});
        }
    }
    if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
    return Value{std::move(rules)};
}

// ---- texts

std::string what_is_wrong_with_text(const Key& key, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::scalar) return must_be(key, node);
    if (scalar_type(node) != ScalarType::text) {
        return std::string(key.name) + " must be text; put it in quotes: '" + node.text + "'";
    }
    if (node.text.empty()) return std::string(key.name) + " must not be empty";
    const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7F; };
    if (std::any_of(node.text.begin(), node.text.end(), is_control)) {
        return std::string(key.name) + " must be one line of text";
    }
    return {};
}

/// text_form(Shape::type_name), by hand: a policy may have a thousand types.
bool is_type_name(std::string_view text) {
    const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    const auto follows = [&](char c) { return starts(c) || c == '.' || c == '_' || c == '-'; };
    return !text.empty() && starts(text.front()) && std::all_of(text.begin(), text.end(), follows);
}

Read read_text(const Key& key, const YamlNode& node) {
    if (std::string what = what_is_wrong_with_text(key, node); !what.empty()) {
        return wrong(node.mark, std::move(what));
    }
    if (node.text.size() > kMaxTextLength) {
        return wrong(node.mark, std::string(key.name) + " must not be longer than " +
                                    std::to_string(kMaxTextLength) + " bytes");
    }
    if (key.shape == Shape::type_name && !is_type_name(node.text)) {
        return wrong(node.mark, must_be(key, node));
    }
    return Value{node.text};
}

Read read_user(const Key& key, const YamlNode& node) {
    const bool number = node.kind == YamlNode::Kind::scalar && !node.quoted && !node.text.empty() &&
                        node.text.find_first_not_of("0123456789") == std::string::npos;
    if (number) return Value{node.text};
    return read_text(key, node);
}

/// What RE2 says of a pattern; empty where all is well.
std::string what_is_wrong_with_pattern(const Key& key, const std::string& text) {
    RE2::Options options;
    options.set_case_sensitive(false);
    options.set_log_errors(false);
    options.set_max_mem(kMaxPatternMemory);
    const RE2 pattern(text, options);
    if (!pattern.ok()) return in_quotes(text) + " is not a pattern (RE2 syntax): " + pattern.error();
    // What fits the empty text fits every program on the host.
    if (key.selective && RE2::PartialMatch("", pattern)) {
        return "pattern " + in_quotes(text) + " fits every program; say what the program must contain";
    }
    return {};
}

Read read_pattern(const Key& key, const YamlNode& node, PatternCheck check) {
    std::string what = what_is_wrong_with_text(key, node);
    if (what.empty() && node.text.size() > classify::kMaxPatternLength) {
        what = "a pattern must not be longer than " + std::to_string(classify::kMaxPatternLength) +
               " bytes; this one has " + std::to_string(node.text.size());
    }
    if (what.empty() && check == PatternCheck::each) what = what_is_wrong_with_pattern(key, node.text);
    if (!what.empty()) return wrong(node.mark, std::move(what));
    return Value{node.text};
}

Read read_patterns(const Key& key, const YamlNode& node, PatternCheck check) {
    if (node.kind == YamlNode::Kind::scalar) {
        return read_pattern(key, node, check).map([](const Value& one) {
            return Value{std::vector<std::string>{std::get<std::string>(one)}};
        });
    }
    if (node.kind != YamlNode::Kind::sequence || node.items.empty()) {
        return wrong(node.mark, must_be(key, node));
    }
    std::vector<std::string> patterns;
    std::vector<YamlMistake> mistakes;
    for (const YamlNode& item : node.items) {
        Read one = read_pattern(key, item, check);
        if (one) {
            patterns.push_back(std::get<std::string>(*one));
        } else {
            mistakes.insert(mistakes.end(), one.error().begin(), one.error().end());
        }
    }
    if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
    return Value{std::move(patterns)};
}

}  // namespace

Read read_value(const Key& key, const YamlNode& node, PatternCheck check) {
    switch (key.shape) {
        case Shape::version:
            return read_version(key, node);
        case Shape::count:
        case Shape::percent:
        case Shape::memory:
        case Shape::duration:
            return read_figure(key, node);
        case Shape::boolean:
            return read_boolean(key, node);
        case Shape::choice:
            return read_choice(key, node);
        case Shape::text:
        case Shape::type_name:
            return read_text(key, node);
        case Shape::user:
            return read_user(key, node);
        case Shape::pattern:
            return read_pattern(key, node, PatternCheck::each);
        case Shape::patterns:
            return read_patterns(key, node, check);
        case Shape::rules:
            return read_rules(key, node);
    }
    return Value{};
}

}  // namespace reaper::policy
