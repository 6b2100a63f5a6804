// How far apart the daemon's ticks are: as the policy says, and further where a tick costs so much that
// it would be what burdens the host. Pure.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/units.h"

namespace reaper::daemon {

class Pacing {
  public:
    using Duration = std::chrono::milliseconds;

    explicit Pacing(Duration wanted) : wanted_(wanted), interval_(wanted) {}

    void want(Duration wanted);

    /// A tick that was due at `due`, begun at `begun`, took `took`. The next one is due at what is
    /// returned: a whole interval after this one was due or, where that has passed, after it ended: what
    /// was missed is not made up for.
    MonotonicTime next(MonotonicTime due, MonotonicTime begun, Duration took);

    [[nodiscard]] Duration wanted() const { return wanted_; }
    [[nodiscard]] Duration interval() const { return interval_; }
    [[nodiscard]] bool stretched() const { return interval_ > wanted_; }

    /// Begun later than an interval after they were due.
    [[nodiscard]] std::uint64_t late() const { return late_; }

  private:
    Duration wanted_;
    Duration interval_;
    std::uint64_t late_ = 0;
};

/// A tick may take this share of the interval; else the interval is stretched.
inline constexpr int kMostOfInterval = 10;  // one tenth

}  // namespace reaper::daemon
