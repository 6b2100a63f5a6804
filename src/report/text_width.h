// How many columns a text takes on a terminal, and how to make it take fewer.
//
// The widths are our own table: wcwidth(3) answers by the locale, and a C locale calls every
// non-ASCII character unprintable.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace reaper::report {

/// Columns of UTF-8 text without control characters: 2 for East Asian wide characters and emoji,
/// 0 for combining marks.
std::size_t display_width(std::string_view text);

/// `text` in at most `width` columns, the end replaced by `ellipsis` where it does not fit.
std::string shorten(std::string_view text, std::size_t width, std::string_view ellipsis);

enum class Align { left, right };

/// `text` filled with spaces up to `width` columns; unchanged where it is wider.
std::string pad(std::string_view text, std::size_t width, Align align);

/// `text` broken at spaces into lines of at most `width` columns (0: no limit). Lines after the first
/// are indented by `indent` spaces, which count. A word that is wider than a line is broken; a figure
/// and its unit ("40 MiB") are one word.
std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t indent = 0);

}  // namespace reaper::report
