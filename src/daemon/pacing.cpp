#include "daemon/pacing.h"

#include <algorithm>

namespace reaper::daemon {

void Pacing::want(Duration wanted) {
    wanted_ = wanted;
    interval_ = std::max(wanted, std::min(interval_, wanted * kMostOfInterval));
}

MonotonicTime Pacing::next(MonotonicTime due, MonotonicTime begun, Duration took) {
    if (begun - due > interval_) ++late_;
    // Stretched at once, and eased by half steps: one quick tick does not mean that it has passed.
    // One tick that stood still (a host that swaps, or slept) does not put the next one off for long.
    const Duration most = std::max(wanted_ * kMostOfInterval, took * 2);
    const Duration needed = std::max(wanted_, std::min(took * kMostOfInterval, most));
    interval_ = needed >= interval_ ? needed : std::max(needed, (interval_ + needed) / 2);
    if (interval_ - wanted_ < std::chrono::milliseconds(50)) interval_ = wanted_;
    return std::max(due + interval_, begun + took);
}

}  // namespace reaper::daemon
