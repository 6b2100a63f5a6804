// What a fuzz target holds against whatever it is given: like assert(), in every build, and with what
// was seen. Where it does not hold the program ends, and libFuzzer keeps the input.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "report/redact.h"

/// Of libFuzzer: takes one input. The answer is always 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace reaper::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

inline void check(bool holds, const char* what, std::string_view seen = "") {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n  seen: %s\n", what, report::printable(seen).c_str());
    std::abort();
}

/// Safe on a terminal as it is.
inline void check_printable(std::string_view text, const char* what) {
    check(report::printable(text, text.size()) == text, what, text);
}

}  // namespace reaper::fuzz
