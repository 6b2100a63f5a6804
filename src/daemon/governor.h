// What the daemon knows of this host and what it makes of a sample: servers, tracks, verdicts, the plan.
// Decides nothing by itself (policy/evaluate does) and touches nothing.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "base/process_id.h"
#include "pass/policy_source.h"
#include "policy/circumstances.h"
#include "policy/evaluate.h"
#include "policy/plan.h"
#include "policy/tracks.h"
#include "scan/memory.h"
#include "scan/sample.h"
#include "scan/snapshot.h"

namespace reaper::daemon {

/// The host as it was seen last, and what the policy says of it.
struct Look {
    scan::Snapshot snapshot;
    policy::Plan plan;
    policy::UserNames users;
};

class Governor {
  public:
    using Unresponsives = std::map<ProcessId, scan::Unresponsive>;

    explicit Governor(std::shared_ptr<const pass::ChosenPolicy> policy) : policy_(std::move(policy)) {}

    /// From the next sample on. Spans go on where the new policy has the same condition.
    void go_by(std::shared_ptr<const pass::ChosenPolicy> policy) { policy_ = std::move(policy); }
    [[nodiscard]] const pass::ChosenPolicy& policy() const { return *policy_; }

    /// Judges the sample. `unresponsive`: who fails the health request of its type.
    const Look& take(scan::Sample sample, const Unresponsives& unresponsive,
                     policy::Circumstances circumstances);

    /// After the last sample; empty before the first.
    [[nodiscard]] const Look& now() const { return now_; }
    /// After the one before it.
    [[nodiscard]] const Look& before() const { return before_; }
    [[nodiscard]] const scan::Memory& memory() const { return memory_; }

  private:
    void name_owners();

    std::shared_ptr<const pass::ChosenPolicy> policy_;
    std::optional<scan::Sample> sample_;
    policy::Tracks tracks_;
    scan::Memory memory_;
    Look now_;
    Look before_;
    policy::UserNames users_;  ///< Looked up once: the user database may be far away.
};

}  // namespace reaper::daemon
