// A policy that looks at one snapshot after the other, as the daemon and `replay` do.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "policy/evaluate.h"
#include "support/snapshot_builder.h"

namespace reaper::support {

class Watch {
  public:
    explicit Watch(policy::Policy policy, policy::UserNames users = {{kUser, "alice"}})
        : policy_(std::move(policy)), users_(std::move(users)) {}

    policy::Plan see(const scan::Snapshot& snapshot, policy::Circumstances circumstances = {}) {
        tracks_ = policy::advance(tracks_, snapshot, policy_, circumstances);
        return policy::evaluate(snapshot, tracks_, policy_, users_, circumstances);
    }
    policy::Plan see(const SnapshotBuilder& builder, policy::Circumstances circumstances = {}) {
        return see(builder.build(), circumstances);
    }

    /// Sees it at moment zero and again after `span`; the plan of the second time.
    policy::Plan see_for(std::chrono::milliseconds span, SnapshotBuilder builder) {
        see(builder.at({}));
        return see(builder.at(span));
    }

    [[nodiscard]] const policy::Tracks& tracks() const { return tracks_; }
    [[nodiscard]] policy::Policy& policy() { return policy_; }

  private:
    policy::Policy policy_;
    policy::UserNames users_;
    policy::Tracks tracks_;
};

/// The verdict on a server; a test that asks for one that is not there fails.
inline const policy::Verdict& verdict_of(const policy::Plan& plan, pid_t pid) {
    const auto found = std::find_if(plan.verdicts.begin(), plan.verdicts.end(),
                                    [&](const auto& verdict) { return verdict.server.pid == pid; });
    if (found == plan.verdicts.end()) throw std::out_of_range("no verdict on " + std::to_string(pid));
    return *found;
}

/// Where a server may have no such finding.
inline const policy::Finding* find_finding(const policy::Plan& plan, pid_t pid, policy::Rule rule) {
    for (const policy::Finding& finding : verdict_of(plan, pid).findings) {
        if (finding.rule == rule) return &finding;
    }
    return nullptr;
}

inline const policy::Finding& finding_of(const policy::Plan& plan, pid_t pid, policy::Rule rule) {
    const policy::Finding* const finding = find_finding(plan, pid, rule);
    if (finding != nullptr) return *finding;
    throw std::out_of_range("no finding " + std::string(to_string(rule)) + " of " + std::to_string(pid));
}

/// The pids of a plan's actions, in their order.
inline std::vector<pid_t> pids(const std::vector<policy::PlannedAction>& actions) {
    std::vector<pid_t> result;
    for (const policy::PlannedAction& planned : actions) result.push_back(planned.server.pid);
    return result;
}

/// The pids of the servers that have this finding, in the snapshot's order.
inline std::vector<pid_t> found(const policy::Plan& plan, policy::Rule rule) {
    std::vector<pid_t> result;
    for (const policy::Verdict& verdict : plan.verdicts) {
        for (const policy::Finding& finding : verdict.findings) {
            if (finding.rule == rule) result.push_back(verdict.server.pid);
        }
    }
    return result;
}

}  // namespace reaper::support
