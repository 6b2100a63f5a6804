// What the daemon costs itself.
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "base/units.h"

namespace reaper::daemon {

/// The CPU use of this process, all threads, over about the last minute.
class CostMeter {
  public:
    /// To be called at every tick; about a microsecond.
    void note(MonotonicTime now);
    /// Of one core; nothing before there are two ticks.
    [[nodiscard]] std::optional<CpuPercent> cpu() const;

  private:
    struct Point {
        MonotonicTime at;
        std::chrono::microseconds cpu_time;
    };
    std::deque<Point> points_;
};

/// PSS of this process, from /proc/self/smaps_rollup; zero where it may not be read. Some 100 µs.
Bytes own_proportional_memory();

}  // namespace reaper::daemon
