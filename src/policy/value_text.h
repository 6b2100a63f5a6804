// How a value of the policy is written, and what may be written for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/keys.h"

namespace reaper::policy {

/// Of a name or another text that is not a pattern, in bytes.
inline constexpr std::size_t kMaxTextLength = 256;
/// Of a path, a URL or a word of a command: PATH_MAX without its NUL.
inline constexpr std::size_t kMaxPathLength = 4095;
/// Of a command.
inline constexpr std::size_t kMaxWords = 100;

/// YAML that reads as this value: "80", "none", "'playwright.*mcp'", "[orphan, zombie]". Empty for a
/// value that is not set.
std::string write_value(const Key& key, const Value& value);

/// With small letters in place of ASCII's capitals.
std::string lower(std::string_view text);

/// A text in single quotes, as YAML wants it, ${NAME} escaped.
std::string single_quoted(std::string_view text);

/// A text as YAML that reads as this text: bare where that is plain, else in quotes.
std::string yaml_text(std::string_view text);

/// What may be written, for error messages and the reference: "1 to 102400 percent, such as 80 or
/// 80%, or none".
std::string allowed_values(const Key& key);

/// The ECMA 262 regular expression that the texts of this shape fit, for the schema; empty where any
/// text does.
std::string_view text_form(Shape shape);

/// A unit that may follow a figure.
struct Unit {
    std::string_view name;  ///< Lower case.
    double factor = 1;      ///< To the unit of the file.
};

/// In the largest unit that leaves a whole number: "5m", "90s".
std::string write_duration(std::chrono::seconds duration);

/// "throttle after 5m", "report".
std::string write_step(const Step& step);

/// The units that a figure of this shape may have; none for a shape without.
std::span<const Unit> units_of(Shape shape);

/// "2GB" -> 2048: the figure that a text of this shape gives, in the unit of the file; nothing where it
/// gives none.
std::optional<double> figure_of(Shape shape, const std::string& text);

}  // namespace reaper::policy
