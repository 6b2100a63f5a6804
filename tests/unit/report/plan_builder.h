// Plans built in code, for tests of what shows them.
#pragma once

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

#include "policy/plan.h"
#include "scan/snapshot.h"

namespace reaper::report {

/// A plan with a healthy verdict on every server; tests then say what is wrong.
class PlanBuilder {
  public:
    explicit PlanBuilder(const scan::Snapshot& snapshot) {
        for (const scan::Server& one : snapshot.servers) {
            policy::Verdict verdict;
            verdict.server = one.id;
            if (one.suspected()) verdict.status = policy::Status::suspected;
            plan_.verdicts.push_back(verdict);
        }
    }

    PlanBuilder& finding(pid_t pid, policy::Status status, policy::Rule rule, std::string why,
                         policy::Action action, std::chrono::seconds pending = std::chrono::seconds(0),
                         std::string spared = "") {
        policy::Verdict& verdict = of(pid);
        verdict.status = status;
        policy::Finding& made = verdict.findings.emplace_back();
        made.rule = rule;
        made.why = why;
        made.pending = pending;
        made.action = action;
        made.spared = std::move(spared);
        if (action != policy::Action::report) plan(verdict.server, action, made, pending);
        return *this;
    }
    /// The last finding of this server has a step to come.
    PlanBuilder& then(pid_t pid, policy::Action action, std::chrono::seconds in) {
        policy::Finding& last = of(pid).findings.back();
        last.next = policy::NextStep{action, in};
        if (last.action == policy::Action::report) plan(of(pid).server, action, last, in);
        return *this;
    }
    PlanBuilder& warning(pid_t pid, std::string text) {
        of(pid).status = policy::Status::degraded;
        of(pid).warnings.push_back(std::move(text));
        return *this;
    }
    PlanBuilder& idle(pid_t pid, std::chrono::seconds span) {
        of(pid).idle = span;
        return *this;
    }
    [[nodiscard]] policy::Plan build() const { return plan_; }

  private:
    void plan(const ProcessId& server, policy::Action action, const policy::Finding& finding,
              std::chrono::seconds pending) {
        const auto is_it = [&](const policy::PlannedAction& one) { return one.server == server; };
        if (std::any_of(plan_.due.begin(), plan_.due.end(), is_it) ||
            std::any_of(plan_.pending.begin(), plan_.pending.end(), is_it)) {
            return;  // A plan names a server once.
        }
        policy::PlannedAction planned;
        planned.server = server;
        planned.action = action;
        planned.rules = {finding.rule};
        planned.reasons = {finding.why};
        planned.pending = pending;
        (pending > std::chrono::seconds(0) ? plan_.pending : plan_.due).push_back(planned);
    }
    policy::Verdict& of(pid_t pid) {
        for (policy::Verdict& verdict : plan_.verdicts) {
            if (verdict.server.pid == pid) return verdict;
        }
        throw std::out_of_range("no such server");
    }
    policy::Plan plan_;
};

}  // namespace reaper::report
