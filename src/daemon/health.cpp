#include "daemon/health.h"

#include <algorithm>
#include <set>

#include "report/humanize.h"

namespace reaper::daemon {
namespace {

bool is_due_orphan(const policy::Verdict& verdict) {
    return std::any_of(verdict.findings.begin(), verdict.findings.end(), [](const policy::Finding& one) {
        return one.rule == policy::Rule::orphan && one.pending.count() == 0 &&
               one.action == policy::Action::terminate;
    });
}

}  // namespace

Health HealthJudge::judge(const scan::Snapshot& snapshot, const policy::Plan& plan,
                          const policy::Policy& policy, const HealthFacts& facts) {
    const auto time_to_end = 2 * policy.daemon.health_check_interval +
                             2 * policy.daemon.cleanup_interval + policy.terminate.grace;
    std::set<ProcessId> due;
    std::size_t overdue = 0;
    std::size_t unhealthy = 0;
    for (const policy::Verdict& verdict : plan.verdicts) {
        if (verdict.status == policy::Status::unhealthy) ++unhealthy;
        if (facts.observes_only || !is_due_orphan(verdict)) continue;
        due.insert(verdict.server);
        const auto [since, is_new] = due_since_.try_emplace(verdict.server, snapshot.monotonic);
        if (snapshot.monotonic - since->second > time_to_end) ++overdue;
    }
    std::erase_if(due_since_, [&](const auto& one) { return !due.contains(one.first); });

    Health health;
    const auto& most = policy.daemon.unhealthy_servers;
    if (overdue > 0) {
        health.reasons.push_back(report::counted(overdue, "orphan is", "orphans are") +
                                 " still there that should have been ended");
    }
    if (unhealthy > 0) {
        health.reasons.push_back(report::counted(unhealthy, "server is", "servers are") +
                                 " over a limit or unresponsive");
    }
    if (most && snapshot.servers.size() >= *most) {
        health.reasons.push_back(report::counted(snapshot.servers.size(), "server runs", "servers run") +
                                 "; from " + std::to_string(*most) +
                                 " on the policy calls that unhealthy");
    }
    if (facts.policy_refused) {
        health.reasons.emplace_back("the policy file has mistakes; the last good one is in force");
    }
    if (facts.cannot_look) health.reasons.emplace_back("the host could not be looked at");
    if (facts.cannot_act) health.reasons.emplace_back("what was begun has not come to an end");
    if (facts.late) health.reasons.emplace_back("looks are late: the host gives it too little CPU");
    health.healthy = health.reasons.empty();
    return health;
}

}  // namespace reaper::daemon
