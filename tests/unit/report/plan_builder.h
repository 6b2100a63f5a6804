// Plans built in code, for tests of what shows them.
#pragma once

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
        verdict.findings.push_back({rule, why, pending, action, std::move(spared)});
        if (action != policy::Action::report) {
            auto& list = pending > std::chrono::seconds(0) ? plan_.pending : plan_.due;
            list.push_back({verdict.server, action, {rule}, {std::move(why)}, pending});
        }
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
    policy::Verdict& of(pid_t pid) {
        for (policy::Verdict& verdict : plan_.verdicts) {
            if (verdict.server.pid == pid) return verdict;
        }
        throw std::out_of_range("no such server");
    }
    policy::Plan plan_;
};

}  // namespace reaper::report
