// What is remembered of servers between samples.
#pragma once

#include <array>
#include <chrono>
#include <map>
#include <optional>

#include "base/process_id.h"
#include "base/units.h"
#include "policy/circumstances.h"
#include "policy/rule.h"
#include "scan/snapshot.h"

namespace reaper::policy {

struct Policy;

/// A server that has used no more CPU than this since the sample before was idle: a timer or a
/// garbage collection takes a tick now and then, a request takes several (FACTS: idle ones use 0.00 %).
inline constexpr Ticks kIdleTicks{1};

struct Track {
    MonotonicTime first_seen{};
    MonotonicTime last_seen{};
    MonotonicTime last_active{};  ///< Last sample at which it had used CPU since the one before.
    Ticks cpu_time{0};            ///< At last_seen.
    /// Since when it has been out of use at every sample; absent: it is in use now.
    std::optional<MonotonicTime> unused_since;
    /// Since when each rule's condition holds at every sample; absent: it does not hold now.
    std::array<std::optional<MonotonicTime>, kRules.size()> holds_since{};
    /// The same for what only the limits of pressure: say; these spans do not add to the others.
    std::array<std::optional<MonotonicTime>, kRules.size()> pressed_since{};

    bool operator==(const Track&) const = default;
};

using Tracks = std::map<ProcessId, Track>;

/// The tracks after this snapshot: new servers enter, ended ones leave, spans go on or are broken off.
/// A snapshot older than the one before it begins every span anew. Advancing twice with the same
/// snapshot changes nothing. Pure. `policy` says which conditions hold.
Tracks advance(const Tracks& tracks, const scan::Snapshot& snapshot, const Policy& policy,
               const Circumstances& circumstances = {});

/// How long a server has been seen without activity; zero for one that has no track.
std::chrono::milliseconds idle_time(const Tracks& tracks, const ProcessId& server, MonotonicTime now);

}  // namespace reaper::policy
