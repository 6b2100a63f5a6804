// Which lines two texts differ in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace reaper::clients {

/// Lines [old_begin, old_end) of one text stand as [new_begin, new_end) in the other. Counted from 0.
struct ChangedLines {
    std::size_t old_begin = 0;
    std::size_t old_end = 0;
    std::size_t new_begin = 0;
    std::size_t new_end = 0;

    bool operator==(const ChangedLines&) const = default;
};

/// Without their line breaks; "a\n" and "a" are one line each.
std::vector<std::string_view> lines_of(std::string_view text);

/// In order; between two of them stand lines that are the same. As few as can be (Myers), unless the
/// texts differ in more than some hundred lines: then one block of all between the first and the last.
std::vector<ChangedLines> changed_lines(const std::vector<std::string_view>& old_lines,
                                        const std::vector<std::string_view>& new_lines);

}  // namespace reaper::clients
