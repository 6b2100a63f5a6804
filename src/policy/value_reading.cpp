#include "policy/value_reading.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "classify/classifier.h"
#include "policy/action_reading.h"
#include "policy/value_mistakes.h"
#include "policy/value_text.h"

namespace reaper::policy {
namespace {

constexpr double kMebi = 1024.0 * 1024.0;

/// For RE2's program of one pattern; what the classifier allows.
constexpr std::int64_t kMaxPatternMemory = 512 * 1024;

// ---- figures

/// As it would be read without quotes, which flow mappings ask for around ${NAME}.
YamlNode bare(const YamlNode& node) {
    YamlNode made = node;
    if (node.from_environment) made.quoted = made.from_environment = false;
    return made;
}

Read read_figure(const Key& key, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::scalar) return wrong(node.mark, must_be(key, node));
    if (key.may_be_none && node.text == "none") return Value{NoLimit{}};
    std::optional<double> figure;
    const ScalarType type = scalar_type(node);
    if (type == ScalarType::number) figure = number_of(node);
    if (type == ScalarType::text && !units_of(key.shape).empty())
        figure = figure_of(key.shape, node.text);
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

/// A list of some of the names that are known; `what` is how messages call one.
Read read_names(const Key& key, const YamlNode& node, std::span<const std::string_view> known,
                const std::string& what) {
    if (node.kind != YamlNode::Kind::sequence || node.items.empty()) {
        return wrong(node.mark, must_be(key, node));
    }
    std::vector<std::string> names;
    std::vector<YamlMistake> mistakes;
    for (const YamlNode& item : node.items) {
        const std::string& name = item.text;
        const bool is_known = std::find(known.begin(), known.end(), name) != known.end();
        if (std::find(names.begin(), names.end(), name) != names.end()) {
            mistakes.push_back({item.mark, what + " '" + name + "' is listed twice"});
        } else if (item.kind == YamlNode::Kind::scalar && is_known) {
            names.push_back(name);
        } else {
            mistakes.push_back({item.mark, std::string(key.name) + " must be " + allowed_values(key) +
                                               "; " + found(item) + " one" +
                                               did_you_mean(suggestion(known, name))});
        }
    }
    if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
    return Value{std::move(names)};
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

/// One line of text of at most `longest` bytes.
Read read_line(const Key& key, const YamlNode& node, std::size_t longest) {
    if (std::string what = what_is_wrong_with_text(key, node); !what.empty()) {
        return wrong(node.mark, std::move(what));
    }
    if (node.text.size() > longest) {
        return wrong(node.mark, std::string(key.name) + " must not be longer than " +
                                    std::to_string(longest) + " bytes");
    }
    return Value{node.text};
}

Read read_text(const Key& key, const YamlNode& node) {
    Read text = read_line(key, node, kMaxTextLength);
    if (!text) return text;
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

Read read_path(const Key& key, const YamlNode& node) {
    const bool scalar = node.kind == YamlNode::Kind::scalar;
    if (scalar && key.may_be_none && node.text == "none") return Value{NoLimit{}};
    Read text = read_line(key, node, kMaxPathLength);
    if (!text) return text;
    const bool is_path = node.text.starts_with('/') && !node.text.ends_with('/');
    return is_path ? std::move(text) : Read(wrong(node.mark, must_be(key, node)));
}

/// Only of this host, and by its address: a policy must not make the daemon call elsewhere.
Read read_url(const Key& key, const YamlNode& node) {
    static const RE2 kForm{std::string(text_form(Shape::url))};
    Read text = read_line(key, node, kMaxPathLength);
    if (!text) return text;
    std::string port;
    const bool fits = RE2::FullMatch(node.text, kForm, nullptr, nullptr, &port);
    const bool number = !port.empty() && port != "{port}";
    if (fits && !(number && std::stoi(port) > 65535)) return text;
    return wrong(node.mark, must_be(key, node));
}

/// A program alone, without arguments.
Read read_program(const Key& key, const YamlNode& node) {
    Read path = read_path(key, node);
    if (!path) return path;
    const std::size_t space = node.text.find(' ');
    if (space == std::string::npos) return Value{std::vector<std::string>{node.text}};
    // As the path of a program it would be looked for as it stands, arguments and all.
    return wrong(node.mark, std::string(key.name) + " with arguments is a list, such as [" +
                                node.text.substr(0, space) + ", …]");
}

Read read_command(const Key& key, const YamlNode& node) {
    if (node.kind == YamlNode::Kind::scalar) return read_program(key, node);
    const bool list = node.kind == YamlNode::Kind::sequence && !node.items.empty();
    if (!list || node.items.size() > kMaxWords) return wrong(node.mark, must_be(key, node));
    std::vector<std::string> words;
    for (const YamlNode& item : node.items) {
        const Read word = words.empty() ? read_path(key, item) : read_line(key, item, kMaxPathLength);
        if (!word) return word;
        words.push_back(std::get<std::string>(*word));
    }
    return Value{std::move(words)};
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
            return read_version(key, bare(node));
        case Shape::count:
        case Shape::percent:
        case Shape::memory:
        case Shape::duration:
            return read_figure(key, bare(node));
        case Shape::boolean:
            return read_boolean(key, bare(node));
        case Shape::choice:
            return read_choice(key, node);
        case Shape::action:
            return read_action(key, node);
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
            return read_names(key, node, rule_names(), "rule");
        case Shape::events:
            return read_names(key, node, key.choices, "event");
        case Shape::path:
            return read_path(key, node);
        case Shape::command:
            return read_command(key, node);
        case Shape::url:
            return read_url(key, node);
    }
    return Value{};
}

}  // namespace reaper::policy
