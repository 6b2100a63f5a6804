// How a value of the policy is written, and what may be written for it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "policy/keys.h"

namespace reaper::policy {

/// Of a name or another text that is not a pattern, in bytes.
inline constexpr std::size_t kMaxTextLength = 256;

/// YAML that reads as this value: "80", "none", "'playwright.*mcp'", "[orphan, zombie]". Empty for a
/// value that is not set.
std::string write_value(const Key& key, const Value& value);

/// A text in single quotes, as YAML wants it.
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

/// The units that a figure of this shape may have; none for a shape without.
std::span<const Unit> units_of(Shape shape);

}  // namespace reaper::policy
