// Whether this build has AddressSanitizer (and, with us, UBSan): the program starts slowly, keeps what
// it freed for a while, and does system calls of its own.
#pragma once

namespace reaper::test {

#ifdef __SANITIZE_ADDRESS__
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

}  // namespace reaper::test
