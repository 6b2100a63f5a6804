// UTF-8, read strictly: what is not a shortest form of a scalar value is bytes, not text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace reaper::report {

struct CodePoint {
    char32_t value = 0;
    std::size_t size = 1;  ///< Bytes it takes; 1 where `valid` is false.
    bool valid = false;    ///< False: one byte that is no part of UTF-8 (overlongs and surrogates too).
};

/// The first code point of `bytes`, which must not be empty.
CodePoint decode_utf8(std::string_view bytes);

/// Appends a scalar value.
void append_utf8(std::string& out, char32_t value);

}  // namespace reaper::report
