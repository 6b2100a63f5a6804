// Events about the daemon itself, and those about a server that no look at the host shows
// (docs/events.md).
//
// Pure. They have no id yet (Events::publish gives it); those about the daemon get their moment there
// too.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "report/event.h"
#include "scan/server.h"

namespace reaper::daemon {

struct Start {
    std::string version;
    std::string policy;       ///< "default (built in)", or the path.
    std::string mode;         ///< "enforce", "observe"
    std::string collector;    ///< "process connector", "readdir"
    std::string cages;        ///< The backend's name.
    std::size_t servers = 0;  ///< That were there already.
};
report::Event daemon_started(const Start& start);

/// `why`: "SIGTERM".
report::Event daemon_stopping(std::string_view why);

report::Event policy_reloaded(std::string_view policy, std::string_view checksum);
/// `errors` with line and column; the last good policy stays.
report::Event policy_refused(std::string_view policy, const std::vector<std::string>& errors);

/// Absent: until somebody resumes it.
report::Event paused(std::optional<std::chrono::seconds> span);
report::Event resumed(std::string_view why);

report::Event breaker_opened(std::string_view type, std::chrono::seconds pause);
report::Event breaker_closed(std::string_view type);

/// Memory is short, or is not any more. `stall`: the share of time for which some task waited for it,
/// where that is known.
report::Event pressure(bool active, std::optional<double> stall_percent);

/// `why`: why it changed; empty where it is back at the better one.
report::Event collector_changed(std::string_view collector, std::string_view why);

/// A tick took too long, and the interval is stretched (or is what the policy says again).
report::Event late(std::chrono::microseconds tick, std::chrono::milliseconds interval,
                   std::chrono::milliseconds wanted);

/// `why`: empty where it can be looked at again.
report::Event look_trouble(std::string_view why);

report::Event history_trouble(std::string_view why);

/// A standalone server has not answered the health request of its type so many times in a row.
report::Event health_check_failed(const scan::Server& server, WallTime at, unsigned failures,
                                  std::string_view why);
report::Event health_check_recovered(const scan::Server& server, WallTime at);

}  // namespace reaper::daemon
