// Clocks that a test can turn while a program runs: nobody can set the host's own, and a time namespace
// has no real-time clock, nor can it be turned once somebody is in it. So clock_gettime(2) itself is
// another one in that program (turned_clocks.cpp, by LD_PRELOAD): what stands behind it, and all timers,
// stay the kernel's.
#pragma once

#include <atomic>
#include <cstdint>

namespace reaper::integration {

/// A file that is mapped by the test and by the program; TURNED_CLOCKS names it.
struct TurnedClocks {
    std::atomic<std::int64_t> real_seconds;  ///< Added to CLOCK_REALTIME.
    std::atomic<std::int64_t> boot_seconds;  ///< Added to CLOCK_BOOTTIME: so long the host has slept.
};

}  // namespace reaper::integration
