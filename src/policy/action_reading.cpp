#include "policy/action_reading.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "policy/value_text.h"

namespace reaper::policy {
namespace {

constexpr std::string_view kAfter = "after";

/// The words of a step: "throttle", "after", "5m".
struct StepText {
    std::string action;
    std::string joint;     ///< The word in between; empty where there is only one.
    std::string duration;  ///< All that follows.
};

std::string_view without_spaces_before(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return text;
}

std::string take_word(std::string_view& text) {
    text = without_spaces_before(text);
    const std::string word(text.substr(0, text.find(' ')));
    text.remove_prefix(word.size());
    return word;
}

StepText split(std::string_view text) {
    StepText step;
    step.action = take_word(text);
    step.joint = take_word(text);
    step.duration = without_spaces_before(text);
    return step;
}

std::optional<std::chrono::seconds> duration(const Key& key, const std::string& text) {
    const auto figure = figure_of(Shape::duration, text);
    if (!figure || *figure < key.min || *figure > key.max) return std::nullopt;
    return std::chrono::seconds(std::llround(*figure));
}

std::string not_a_step(const Key& key, const YamlNode& node) {
    return "a step of " + std::string(key.name) +
           " must be ACTION or ACTION after DURATION, such as 'throttle after 5m'; " + found(node);
}

/// What the writer may have meant: another word for the action, or the missing "after".
std::string meant(const Key& key, const StepText& text) {
    const bool known = action_from(text.action).has_value();
    const std::string action = known ? text.action : suggestion(key.choices, text.action);
    if (action.empty() || (known && text.joint == kAfter)) return {};
    if (text.joint.empty()) return action;
    const std::string when = duration(key, text.duration) ? text.duration
                             : duration(key, text.joint)  ? text.joint
                                                          : std::string{};
    return when.empty() ? std::string{} : action + " after " + when;
}

tl::expected<Step, YamlMistake> read_step(const Key& key, const YamlNode& node) {
    if (node.kind != YamlNode::Kind::scalar) {
        return tl::unexpected(YamlMistake{node.mark, not_a_step(key, node)});
    }
    const StepText text = split(node.text);
    const auto action = action_from(text.action);
    if (action && text.joint.empty()) return Step{*action, {}};
    const auto after = text.joint == kAfter ? duration(key, text.duration) : std::nullopt;
    if (action && after) return Step{*action, *after};
    return tl::unexpected(
        YamlMistake{node.mark, not_a_step(key, node) + did_you_mean(meant(key, text))});
}

/// What is wrong with one step following another; empty where it may.
std::string wrong_order(const Step& before, const Step& step) {
    if (step.action <= before.action) {
        return "'" + write_step(step) + "' must be harsher than '" + write_step(before) +
               "' before it; from mild to harsh: report, throttle, freeze, terminate";
    }
    if (step.after.count() == 0) {
        return "only the first step may be without a time; write when, such as '" +
               std::string(to_string(step.action)) + " after " +
               write_duration(before.after + std::chrono::minutes(5)) + "'";
    }
    if (step.after <= before.after) {
        return "'" + write_step(step) + "' must come later than '" + write_step(before) + "' before it";
    }
    return {};
}

Read read_word(const Key& key, const YamlNode& node) {
    if (action_from(node.text)) return Value{node.text};
    Key word = key;
    word.shape = Shape::choice;  // A list is not what somebody wanted who wrote a word.
    std::string hint = suggestion(key.choices, node.text);
    if (read_step(key, node)) hint = "[" + node.text + "]";
    return wrong(node.mark, must_be(word, node) + did_you_mean(hint));
}

}  // namespace

Read read_action(const Key& key, const YamlNode& node) {
    if (node.kind == YamlNode::Kind::scalar) return read_word(key, node);
    if (node.kind != YamlNode::Kind::sequence || node.items.empty()) {
        return wrong(node.mark, must_be(key, node));
    }
    std::vector<Step> steps;
    std::vector<YamlMistake> mistakes;
    for (const YamlNode& item : node.items) {
        auto step = read_step(key, item);
        if (!step) {
            mistakes.push_back(std::move(step.error()));
            continue;
        }
        std::string what = steps.empty() ? std::string{} : wrong_order(steps.back(), *step);
        if (!what.empty()) mistakes.push_back({item.mark, std::move(what)});
        steps.push_back(*step);
    }
    if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
    const bool at_once = steps.size() == 1 && steps.front().after.count() == 0;
    if (at_once) return Value{std::string(to_string(steps.front().action))};
    return Value{std::move(steps)};
}

}  // namespace reaper::policy
