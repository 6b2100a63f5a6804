#include "policy/value_text.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "policy/environment.h"
#include "policy/yaml_document.h"

namespace reaper::policy {
namespace {

constexpr double kMebi = 1024.0 * 1024.0;

constexpr std::array kDurationUnits = {Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600}, Unit{"d", 86400}};
constexpr std::array kMemoryUnits = {Unit{"m", 1},    Unit{"mb", 1},    Unit{"mib", 1},
                                     Unit{"g", 1024}, Unit{"gb", 1024}, Unit{"gib", 1024}};
constexpr std::array kPercentUnits = {Unit{"%", 1}};

std::string number_text(double value) {
    std::array<char, 64> text{};
    const auto [end, error] =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    return error == std::errc{} ? std::string(text.data(), end) : std::string("?");
}

std::string choices_text(std::span<const std::string_view> choices) {
    std::string text;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
        text += choices[i];
    }
    return text;
}

bool is_plain(std::string_view text) {
    static const RE2 kPlain("[A-Za-z_][A-Za-z0-9_./-]*");
    constexpr std::array<std::string_view, 3> kNulls = {"null", "Null", "NULL"};
    YamlNode bare;
    bare.kind = YamlNode::Kind::scalar;
    bare.text = text;
    return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), kPlain) &&
           scalar_type(bare) == ScalarType::text &&
           std::find(kNulls.begin(), kNulls.end(), text) == kNulls.end();
}

std::string write_steps(const std::vector<Step>& steps) {
    std::string list;
    for (const Step& step : steps) list += (list.empty() ? "[" : ", ") + write_step(step);
    return list + "]";
}

std::string write_list(const Key& key, const std::vector<std::string>& values) {
    std::string list;
    for (const std::string& value : values) {
        list += list.empty() ? "[" : ", ";
        const bool names = key.shape == Shape::rules || key.shape == Shape::events;
        list += names ? value : single_quoted(value);
    }
    return list + "]";
}

}  // namespace

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
    });
    return result;
}

std::string single_quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char c : unexpanded(text)) quoted += c == '\'' ? std::string("''") : std::string(1, c);
    return quoted + "'";
}

std::string write_value(const Key& key, const Value& value) {
    if (std::holds_alternative<NoLimit>(value)) return "none";
    if (const double* figure = std::get_if<double>(&value)) {
        return number_text(key.shape == Shape::memory ? *figure / kMebi : *figure);
    }
    if (const bool* truth = std::get_if<bool>(&value)) return *truth ? "true" : "false";
    if (const auto* text = std::get_if<std::string>(&value)) {
        if (key.shape == Shape::user && text->find_first_not_of("0123456789") == std::string::npos)
            return *text;
        return key.shape == Shape::pattern ? single_quoted(*text) : yaml_text(*text);
    }
    if (const auto* steps = std::get_if<std::vector<Step>>(&value)) return write_steps(*steps);
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
        const bool one = key.shape == Shape::patterns && list->size() == 1;
        return one ? single_quoted(list->front()) : write_list(key, *list);
    }
    return {};
}

std::string write_duration(std::chrono::seconds duration) {
    const auto seconds = static_cast<double>(duration.count());
    const Unit* unit = kDurationUnits.data();
    for (const Unit& larger : kDurationUnits) {
        if (seconds > 0 && std::fmod(seconds, larger.factor) == 0) unit = &larger;
    }
    return number_text(seconds / unit->factor) + std::string(unit->name);
}

std::string write_step(const Step& step) {
    const std::string action(to_string(step.action));
    return step.after.count() == 0 ? action : action + " after " + write_duration(step.after);
}

std::string yaml_text(std::string_view text) {
    return is_plain(text) ? std::string(text) : single_quoted(text);
}

std::string allowed_values(const Key& key) {
    const std::string range = number_text(key.min) + " to " + number_text(key.max);
    const std::string or_none = key.may_be_none ? ", or none" : "";
    switch (key.shape) {
        case Shape::version:
            return "1";
        case Shape::count:
            return "a whole number from " + range + or_none;
        case Shape::percent:
            return range + " percent, such as 80 or 80%" + or_none;
        case Shape::memory:
            return range + " MB, such as 500, 500MB or 2GB" + or_none;
        case Shape::duration:
            return range + " seconds, such as 90, 90s, 10m, 2h or 1d" + or_none;
        case Shape::boolean:
            return "true or false";
        case Shape::choice:
            return choices_text(key.choices);
        case Shape::action:
            return choices_text(key.choices) +
                   ", or a list of steps, such as [report, throttle after 5m, terminate after 30m]";
        case Shape::text:
            return "text";
        case Shape::type_name:
            return "lower case letters, digits, '.', '_' and '-', beginning with a letter or digit";
        case Shape::pattern:
            return "a pattern (RE2 syntax)";
        case Shape::patterns:
            return "a pattern (RE2 syntax) or a list of patterns";
        case Shape::rules:
            return "a list of rule names";
        case Shape::user:
            return "the name or number of a user";
        case Shape::events:
            return "a list of event names";
        case Shape::path:
            return "an absolute path" + or_none;
        case Shape::command:
            return "the absolute path of a program, or a list of it and its arguments";
        case Shape::url:
            return "an address on this host, such as http://127.0.0.1:{port}/health";
    }
    return {};
}

std::string_view text_form(Shape shape) {
    switch (shape) {
        case Shape::percent:
            return "^[0-9]+([.][0-9]+)? ?%?$";
        case Shape::memory:
            return "^[0-9]+([.][0-9]+)? ?([mMgG]([iI]?[bB])?)?$";
        case Shape::duration:
            return "^[0-9]+ ?[smhd]?$";
        case Shape::action:
            return "^(report|throttle|freeze|terminate)( after [0-9]+ ?[smhd]?)?$";
        case Shape::type_name:
            return "^[a-z0-9][a-z0-9._-]*$";
        case Shape::path:
            return "^/.*[^/]$";
        case Shape::url:
            return "^http://(127[.]0[.]0[.]1|localhost|\\[::1\\])(:([1-9][0-9]{0,4}|[{]port[}]))?"
                   "(/[!$-~]*)?$";
        case Shape::text:
        case Shape::user:
        case Shape::command:
        case Shape::pattern:
        case Shape::patterns:
            return "^.+$";
        default:
            return {};
    }
}

std::span<const Unit> units_of(Shape shape) {
    switch (shape) {
        case Shape::duration:
            return kDurationUnits;
        case Shape::memory:
            return kMemoryUnits;
        case Shape::percent:
            return kPercentUnits;
        default:
            return {};
    }
}

std::optional<double> figure_of(Shape shape, const std::string& text) {
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

}  // namespace reaper::policy
