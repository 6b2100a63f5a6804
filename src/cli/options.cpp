#include "cli/options.h"

#include <algorithm>
#include <boost/program_options/cmdline.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <boost/program_options/variables_map.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "policy/suggestion.h"
#include "report/redact.h"

namespace reaper::cli {
namespace {

namespace po = boost::program_options;
using std::chrono::milliseconds;
using Words = std::vector<std::string>;

constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;

std::string quoted(std::string_view text) {
    return '\'' + report::printable(text, 80) + '\'';
}

po::options_description describe(const std::vector<Option>& options) {
    po::options_description description;
    for (const Option& option : options) {
        const std::string names = option.letter != 0 ? option.name + ',' + option.letter : option.name;
        if (option.argument.empty()) {
            description.add_options()(names.c_str(), "");
        } else if (option.repeatable) {
            description.add_options()(names.c_str(), po::value<Words>()->composing(), "");
        } else {
            description.add_options()(names.c_str(), po::value<std::string>(), "");
        }
    }
    return description;
}

Words values_of(const po::variable_value& value) {
    if (const auto* const one = boost::any_cast<std::string>(&value.value())) return {*one};
    if (const auto* const many = boost::any_cast<Words>(&value.value())) return *many;
    return {};
}

UsageError unknown_option(const std::vector<Option>& options, const std::string& given) {
    Words names;
    for (const Option& option : options) names.push_back("--" + option.name);
    return {"unknown option " + quoted(given) + did_you_mean(given, names)};
}

struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
};
constexpr Unit kUnits[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};

}  // namespace

Parsed<Arguments> parse(const std::vector<Option>& options, const Words& words) {
    try {
        const po::options_description description = describe(options);
        const po::parsed_options parsed =
            po::command_line_parser(words).options(description).style(kStyle).run();
        po::variables_map map;
        po::store(parsed, map);
        Arguments arguments;
        for (const auto& [name, value] : map) arguments.values_[name] = values_of(value);
        for (const auto& option : parsed.options) {
            if (!option.string_key.empty()) continue;
            arguments.operands_.insert(arguments.operands_.end(), option.value.begin(),
                                       option.value.end());
        }
        return arguments;
    } catch (const po::unknown_option& error) {
        return tl::unexpected(unknown_option(options, error.get_option_name()));
    } catch (const po::multiple_occurrences& error) {
        return tl::unexpected(
            UsageError{"option '" + error.get_option_name() + "' is given more than once"});
    } catch (const po::error& error) {
        return tl::unexpected(UsageError{report::printable(error.what(), 200)});
    }
}

std::optional<std::string> Arguments::value(const std::string& option) const {
    const auto found = values_.find(option);
    if (found == values_.end() || found->second.empty()) return std::nullopt;
    return found->second.back();
}

Words Arguments::values(const std::string& option) const {
    const auto found = values_.find(option);
    return found == values_.end() ? Words() : found->second;
}

Parsed<milliseconds> Arguments::duration(const std::string& option, milliseconds otherwise,
                                         milliseconds least, milliseconds most) const {
    const auto text = value(option);
    if (!text) return otherwise;
    const auto duration = parse_duration(*text);
    if (!duration) {
        return tl::unexpected(UsageError{"--" + option + ": " + quoted(*text) +
                                         " is no duration; write for instance 500ms, 5s, 2m or 1h"});
    }
    if (*duration < least || *duration > most) {
        return tl::unexpected(UsageError{"--" + option + ": " + quoted(*text) + " is not between " +
                                         duration_text(least) + " and " + duration_text(most)});
    }
    return *duration;
}

Parsed<std::string> Arguments::choice(const std::string& option, const Words& choices) const {
    const auto given = value(option);
    if (!given) return choices.front();
    if (std::find(choices.begin(), choices.end(), *given) != choices.end()) return *given;
    std::string what = "--" + option + ": " + quoted(*given) + " is none of ";
    for (std::size_t i = 0; i < choices.size(); ++i) what += (i == 0 ? "" : ", ") + choices[i];
    return tl::unexpected(UsageError{std::move(what)});
}

Parsed<void> Arguments::expect_operands(std::size_t least, std::size_t most,
                                        std::string_view what) const {
    if (operands_.size() < least) {
        return tl::unexpected(UsageError{std::string(what) + " is missing"});
    }
    if (operands_.size() > most) {
        return tl::unexpected(UsageError{"there is one word too many: " + quoted(operands_[most])});
    }
    return {};
}

std::optional<milliseconds> parse_duration(std::string_view text) {
    constexpr std::size_t kMaxDigits = 12;
    const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
    if (end == 0 || end > kMaxDigits) return std::nullopt;
    double number = 0;
    const auto read = std::from_chars(text.data(), text.data() + end, number, std::chars_format::fixed);
    if (read.ec != std::errc{} || read.ptr != text.data() + end) return std::nullopt;
    const std::string_view unit = text.substr(end);
    if (unit.empty() && number == 0) return milliseconds(0);
    for (const Unit& known : kUnits) {
        if (unit != known.name) continue;
        constexpr double kLongest = 9e18;  // what an int64_t holds
        return milliseconds(
            std::llround(std::min(number * static_cast<double>(known.milliseconds), kLongest)));
    }
    return std::nullopt;
}

std::string duration_text(milliseconds duration) {
    if (duration.count() == 0) return "0s";
    for (const Unit& unit : kUnits) {
        if (duration.count() % unit.milliseconds != 0) continue;
        return std::to_string(duration.count() / unit.milliseconds) + std::string(unit.name);
    }
    return std::to_string(duration.count()) + "ms";
}

std::string did_you_mean(std::string_view word, const Words& candidates) {
    const std::vector<std::string_view> views(candidates.begin(), candidates.end());
    const auto meant = policy::nearest(word, views);
    return meant ? "; did you mean '" + std::string(*meant) + "'?" : "";
}

}  // namespace reaper::cli
