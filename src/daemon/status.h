// How the daemon is: one value, made by it, sent as JSON (docs/control-api.md), shown as a table.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "daemon/statistics.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "report/scan_report.h"

namespace reaper::daemon {

inline constexpr int kStatusSchema = 1;

/// An edit of the policy that was not taken: the last good one is still in force.
struct RefusedPolicy {
    WallTime at{};
    std::vector<std::string> errors;  ///< With line and column.

    bool operator==(const RefusedPolicy&) const = default;
};

struct PolicyStatus {
    std::string name;      ///< "default (built in)", or the path.
    std::string file;      ///< The file that is watched; empty where there is none.
    std::string checksum;  ///< Of the text in force.
    WallTime loaded_at{};
    std::optional<RefusedPolicy> refused;

    bool operator==(const PolicyStatus&) const = default;
};

/// How it learns what runs.
struct CollectorStatus {
    std::string name;  ///< "process connector", "readdir"
    std::string why;   ///< Why not the better one; empty where it is the better one.
    std::uint64_t events = 0;
    std::uint64_t losses = 0;   ///< How often events were lost, and everything was read again.
    std::uint64_t rescans = 0;  ///< Full ones, those after losses among them.

    bool operator==(const CollectorStatus&) const = default;
};

struct Health {
    bool healthy = true;
    std::vector<std::string> reasons;  ///< Why it is not; a sentence each.

    bool operator==(const Health&) const = default;
};

/// So many servers of a type have this status.
struct ServerCount {
    std::string type;
    policy::Status status = policy::Status::healthy;
    std::size_t count = 0;

    bool operator==(const ServerCount&) const = default;
};

struct PressureStatus {
    bool watched = false;  ///< A trigger of the kernel is set (PSI).
    std::string why;       ///< Why not.
    bool active = false;   ///< `pressure:` limits are in force.

    bool operator==(const PressureStatus&) const = default;
};

/// A type whose servers are not ended for now, because they come back at once.
struct BreakerStatus {
    std::string type;
    std::chrono::seconds left{0};  ///< Until one is tried again.

    bool operator==(const BreakerStatus&) const = default;
};

/// What the daemon itself costs.
struct OwnCost {
    std::optional<CpuPercent> cpu;  ///< Over the last minute.
    Bytes pss;                      ///< 0 where it is not known.
    Bytes resident;
    unsigned descriptors = 0;
    std::chrono::microseconds tick_last{0};
    std::chrono::microseconds tick_max{0};
    std::uint64_t ticks = 0;
    std::uint64_t late_ticks = 0;
    std::chrono::milliseconds interval{0};  ///< Between ticks, now.
    std::chrono::milliseconds interval_wanted{
        0};  ///< What the policy says; shorter where it is stretched.

    bool operator==(const OwnCost&) const = default;
};

struct Status {
    std::string version;
    pid_t pid = 0;
    uid_t uid = 0;  ///< Whose daemon it is: root's governs everybody's servers.
    WallTime started_at{};
    std::chrono::seconds uptime{0};
    policy::Mode mode = policy::Mode::enforce;
    PolicyStatus policy;
    CollectorStatus collector;
    std::string cages;  ///< Which backend: "systemd", "cgroup v2" …, or why there is none.
    std::optional<WallTime>
        paused_until;  ///< Nothing is done by itself until then. Far off: until resume.
    Health health;
    std::vector<ServerCount> servers;
    std::size_t held = 0;  ///< Frozen or throttled now.
    Statistics statistics;
    PressureStatus pressure;
    std::vector<BreakerStatus> breakers;  ///< The open ones.
    OwnCost cost;
    std::size_t connections = 0;  ///< On the control socket.

    bool operator==(const Status&) const = default;
};

/// `paused_until` where somebody has to resume it.
inline constexpr WallTime kUntilResumed{std::chrono::milliseconds(253'402'300'799'000)};  // year 9999

/// One JSON object, pretty-printed, with a newline at its end. Texts are made harmless.
std::string to_json(const Status& status);

/// The reverse. What is missing or of another type keeps its default: daemon and command may be of
/// different versions. An Error where it is no JSON object.
Result<Status> status_from_json(std::string_view text);

/// For people. `now` is for what is told as a span.
std::string to_table(const Status& status, const report::TableOptions& options, WallTime now);

}  // namespace reaper::daemon
