// So many requests a second, with bursts of as many: a token bucket. Pure.
#pragma once

#include <algorithm>
#include <optional>

#include "base/units.h"

namespace reaper::guard {

class RateLimit {
  public:
    /// Without a number there is no limit.
    explicit RateLimit(std::optional<unsigned> per_second) : per_second_(per_second) {
        if (per_second_) tokens_ = *per_second_;
    }

    /// Whether one more may pass now. May pass nevertheless: it then counts against what comes.
    [[nodiscard]] bool may(MonotonicTime now) const { return !per_second_ || tokens_at(now) >= 1; }
    void passed(MonotonicTime now) {
        if (!per_second_) return;
        tokens_ = tokens_at(now) - 1;
        since_ = now;
    }
    /// When may() will be true; nothing where it is.
    [[nodiscard]] std::optional<MonotonicTime> next(MonotonicTime now) const {
        if (may(now)) return std::nullopt;
        const double seconds = (1 - tokens_at(now)) / *per_second_;
        return now + std::chrono::milliseconds(static_cast<int>(seconds * 1000) + 1);
    }

  private:
    [[nodiscard]] double tokens_at(MonotonicTime now) const {
        const double seconds = std::chrono::duration<double>(now - since_).count();
        return std::min<double>(*per_second_, tokens_ + seconds * *per_second_);
    }

    std::optional<unsigned> per_second_;
    double tokens_ = 0;
    MonotonicTime since_{};
};

}  // namespace reaper::guard
