// What the daemon has done since it was started, counted from its events.
#pragma once

#include <cstdint>
#include <optional>

#include "base/units.h"
#include "report/event.h"

namespace reaper::daemon {

struct Statistics {
    std::uint64_t cleanups_performed = 0;    ///< Servers ended, by rule or by hand.
    std::uint64_t health_checks_failed = 0;  ///< Times that a server was found not to answer.
    std::uint64_t resources_exceeded = 0;    ///< Times that a server went over a limit.
    std::uint64_t duplicates_detected = 0;   ///< Findings `duplicate` and `superseded`.
    std::optional<WallTime> last_cleanup;

    bool operator==(const Statistics&) const = default;
};

/// Pure.
void count(Statistics& statistics, const report::Event& event);

}  // namespace reaper::daemon
