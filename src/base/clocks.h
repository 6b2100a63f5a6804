// What time it is, on each of the clocks.
#pragma once

#include <chrono>
#include <ctime>

#include "base/units.h"

namespace reaper {

inline WallTime wall_now() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

inline MonotonicTime monotonic_now() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now());
}

inline BootTime boot_now() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    const auto exact = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
    return std::chrono::duration_cast<BootTime>(exact);
}

}  // namespace reaper
