// What two looks at a host differ in, as events: servers that came and went, findings that began to hold
// and do not any more, limits that were crossed; and what came of an order.
//
// Pure. The events have no id yet (report/event.h); their moment is the later look's.
#pragma once

#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "enforce/outcome.h"
#include "policy/plan.h"
#include "policy/rule.h"
#include "report/event.h"
#include "scan/snapshot.h"

namespace reaper::daemon {

/// When it was last told that a server is over a limit. A value that goes on from look to look.
using ToldLimits = std::map<std::pair<ProcessId, policy::Rule>, MonotonicTime>;

/// A server whose use goes up and down around a limit is told of once in this time.
inline constexpr std::chrono::minutes kLimitQuiet{10};

/// server_started: a server process is there (of `docker run` its launcher) that was not at the look
///     before. A launcher that is still installing is no server yet, a suspected one is not told of.
/// server_stopped: it is gone, or only a left-over of it is there.
/// finding: a rule holds (nothing of it is pending) that did not before.
/// finding_cleared: it does not any more, or its server has ended. Each finding has one.
/// limit_exceeded: over_cpu, over_memory or over_age is found for the first time, though the rule may
///     still ask for longer; see kLimitQuiet.
///
/// First what ended, then the others; each in the order of the servers' identities. Before the first
/// look there is an empty snapshot (its `monotonic` is zero): then nothing has been started, what holds
/// is told.
std::vector<report::Event> changes(const scan::Snapshot& before, const policy::Plan& plan_before,
                                   const scan::Snapshot& now, const policy::Plan& plan,
                                   ToldLimits& told);

/// One action that was carried out, or was not.
report::Event action_event(const enforce::Order& order, const enforce::Outcome& outcome, WallTime at);

}  // namespace reaper::daemon
