#include "guard/recovery.h"

#include <algorithm>

namespace reaper::guard {

std::string_view to_string(Breaker breaker) {
    switch (breaker) {
        case Breaker::open:
            return "open";
        case Breaker::half_open:
            return "half-open";
        case Breaker::closed:
            break;
    }
    return "closed";
}

void Recovery::started(MonotonicTime now) {
    started_ = now;
}

void Recovery::answered() {
    if (breaker_ != Breaker::half_open) return;
    breaker_ = Breaker::closed;
    failures_.clear();
    restarts_ = 0;
    hangs_ = 0;
}

void Recovery::forget_if_healthy(MonotonicTime now) {
    if (now - started_ < settings_.healthy) return;
    restarts_ = 0;
    hangs_ = 0;
}

Recovery::Next Recovery::failed(MonotonicTime now) {
    forget_if_healthy(now);
    failures_.push_back(now);
    while (now - failures_.front() > settings_.breaker_window) failures_.pop_front();
    const bool too_much = give_up_ || breaker_ == Breaker::half_open ||
                          failures_.size() >= settings_.breaker_failures ||
                          restarts_ >= settings_.restarts;
    give_up_ = false;
    if (too_much) {
        breaker_ = Breaker::open;
        return {false, now + settings_.breaker_pause};
    }
    const auto wait = backoff();
    ++restarts_;
    return {true, now + wait};
}

std::chrono::milliseconds Recovery::backoff() const {
    std::chrono::milliseconds wait = settings_.backoff;
    for (unsigned i = 0; i < restarts_ && wait < settings_.max_backoff; ++i)
        wait *= settings_.backoff_factor;
    return std::min<std::chrono::milliseconds>(wait, settings_.max_backoff);
}

Recovery::Measure Recovery::hung(MonotonicTime now) {
    forget_if_healthy(now);
    ++hangs_;
    if (hangs_ == 1) return Measure::restart_gently;
    if (hangs_ == 2) return Measure::restart_hard;
    give_up_ = true;
    return Measure::give_up;
}

}  // namespace reaper::guard
