// Whether all is well: what /health says, and why not. Pure.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "daemon/status.h"
#include "policy/plan.h"
#include "policy/policy.h"
#include "scan/snapshot.h"

namespace reaper::daemon {

/// What besides the servers has a say in it.
struct HealthFacts {
    bool policy_refused = false;
    bool late = false;           ///< A tick was later than an interval, within the last minute.
    bool cannot_look = false;    ///< The last look at the host failed.
    bool cannot_act = false;     ///< A pass has been under way for much longer than ending takes.
    bool observes_only = false;  ///< mode: observe, or paused: what should go stays on purpose.
};

class HealthJudge {
  public:
    /// Of this look. Orphans are beyond their time when they have been due for longer than it takes to
    /// end them: two looks, two passes and the grace time.
    Health judge(const scan::Snapshot& snapshot, const policy::Plan& plan, const policy::Policy& policy,
                 const HealthFacts& facts);

  private:
    std::map<ProcessId, MonotonicTime> due_since_;
};

}  // namespace reaper::daemon
