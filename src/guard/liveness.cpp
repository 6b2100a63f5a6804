#include "guard/liveness.h"

#include <algorithm>
#include <string_view>

namespace reaper::guard {
namespace {

/// Asked so much later than we wanted, we have been stopped ourselves, or the host has stood still: the
/// server may have had no chance to answer.
constexpr std::chrono::seconds kLate{2};

}  // namespace

bool has_ping(std::string_view revision) {
    return !revision.empty() && revision <= "2025-11-25";
}

void Liveness::begin(MonotonicTime now, bool pings) {
    watching_ = true;
    pings_ = pings;
    heard_ = now;
    pinged_.reset();
    misses_ = 0;
    expected_.reset();
}

void Liveness::heard(MonotonicTime now) {
    heard_ = now;
    pinged_.reset();
    misses_ = 0;
}

void Liveness::forgive_lateness(MonotonicTime now) {
    if (expected_ && now > *expected_ + kLate) {
        heard_ = now;
        if (pinged_) pinged_ = now;
    }
    expected_.reset();
}

Liveness::Due Liveness::check(MonotonicTime now, std::optional<MonotonicTime> oldest) {
    if (!watching_) return {};
    forgive_lateness(now);
    Due due;
    if (pings_ && settings_.ping_interval) {
        due = check_pings(now, oldest);
    } else if (!pings_ && settings_.request_timeout && oldest) {
        const MonotonicTime silent_since = std::max(*oldest, heard_);
        due.hung = now - silent_since >= *settings_.request_timeout;
        due.next = silent_since + *settings_.request_timeout;
    }
    if (due.hung) due.next.reset();
    expected_ = due.next;
    return due;
}

Liveness::Due Liveness::check_pings(MonotonicTime now, std::optional<MonotonicTime> oldest) {
    if (!pinged_) {
        if (now - heard_ < *settings_.ping_interval)
            return {false, false, heard_ + *settings_.ping_interval};
        pinged_ = now;
        return {true, false, now + settings_.ping_timeout};
    }
    if (now - *pinged_ < settings_.ping_timeout)
        return {false, false, *pinged_ + settings_.ping_timeout};
    ++misses_;
    if (misses_ >= kMisses && !may_be_busy(now, oldest)) return {false, true, {}};
    pinged_ = now;
    return {true, false, now + settings_.ping_timeout};
}

bool Liveness::may_be_busy(MonotonicTime now, std::optional<MonotonicTime> oldest) const {
    if (!oldest) return false;
    return !settings_.request_timeout || now - std::max(*oldest, heard_) < *settings_.request_timeout;
}

}  // namespace reaper::guard
