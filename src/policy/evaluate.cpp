#include "policy/evaluate.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "policy/conditions.h"
#include "policy/duplicates.h"
#include "policy/evidence.h"
#include "policy/sparing.h"

namespace reaper::policy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What of `needed` is still to be seen; all of it where the span has not begun.
milliseconds rest_of(milliseconds needed, const std::optional<MonotonicTime>& since, MonotonicTime now) {
    if (!since || *since > now) return needed;
    return std::max(milliseconds(0), needed - (now - *since));
}

/// The judgement of one server.
class Judge {
  public:
    Judge(const scan::Snapshot& snapshot, const Tracks& tracks, const Policy& policy,
          const UserNames& users)
        : snapshot_(snapshot),
          tracks_(tracks),
          policy_(policy),
          users_(users),
          sparing_(policy, users, snapshot.viewer) {}

    [[nodiscard]] Verdict judge(std::size_t index, const Conditions& conditions) const {
        const scan::Server& server = snapshot_.servers[index];
        Verdict verdict;
        verdict.server = server.id;
        verdict.idle = std::chrono::duration_cast<seconds>(conditions.idle);
        if (server.suspected()) {
            verdict.status = Status::suspected;
            return verdict;
        }
        for (const Rule rule : kRules) {
            if (!policy_.rule(rule).enabled || !conditions.hold(rule)) continue;
            verdict.findings.push_back(finding(rule, index, conditions));
        }
        verdict.warnings = warnings(server, conditions);
        verdict.status = status(verdict);
        return verdict;
    }

  private:
    [[nodiscard]] Finding finding(Rule rule, std::size_t index, const Conditions& conditions) const {
        const scan::Server& server = snapshot_.servers[index];
        const RuleSettings& settings = policy_.rule(rule);
        Decision decision = sparing_.decide(rule, server);
        Finding made;
        made.rule = rule;
        made.why = evidence(rule, snapshot_, index, conditions, settings, users_);
        made.action = decision.action;
        made.spared = std::move(decision.spared);
        made.pending = pending(rule, server, conditions.idle, made.action);
        return made;
    }

    /// Rounded up: a span is over when it is over.
    [[nodiscard]] seconds pending(Rule rule, const scan::Server& server, milliseconds idle,
                                  Action action) const {
        const RuleSettings& settings = policy_.rule(rule);
        const MonotonicTime now = snapshot_.monotonic;
        const auto found = tracks_.find(server.id);
        const Track track = found == tracks_.end() ? Track{} : found->second;
        milliseconds rest =
            rest_of(settings.hold, track.holds_since[static_cast<std::size_t>(rule)], now);
        if (rule == Rule::superseded) {
            rest = std::max(rest, milliseconds(settings.idle) - idle);
        }
        // Whoever spares what is in use must be as sure that a server is not as the orphan rule is: its
        // client may be closing it (the SDK takes up to 4 s), or it may not listen yet.
        if (action > Action::report && settings.spare == Spare::in_use && !server.in_use()) {
            rest = std::max(rest, rest_of(policy_.rule(Rule::orphan).hold, track.unused_since, now));
        }
        return std::chrono::ceil<seconds>(rest);
    }

    /// The worst that holds. A span that is still to be waited out does not make a server look better
    /// than it is; only `superseded` is nothing until it has been idle for as long as the rule says.
    static Status status(const Verdict& verdict) {
        Status worst = verdict.warnings.empty() ? Status::healthy : Status::degraded;
        for (const Finding& finding : verdict.findings) {
            if (finding.rule == Rule::superseded && finding.pending > seconds(0)) continue;
            worst = std::min(worst, status_of(finding.rule));
        }
        return worst;
    }

    static Status status_of(Rule rule) {
        switch (rule) {
            case Rule::orphan:
                return Status::orphan;
            case Rule::zombie:
                return Status::zombie;
            case Rule::duplicate:
            case Rule::superseded:
                return Status::duplicate;
            case Rule::over_age:
            case Rule::over_cpu:
            case Rule::over_memory:
                return Status::unhealthy;
        }
        return Status::healthy;
    }

    const scan::Snapshot& snapshot_;
    const Tracks& tracks_;
    const Policy& policy_;
    const UserNames& users_;
    Sparing sparing_;
};

/// The harshest that the findings ask for: of those that hold already or, with `still_pending`, of
/// those that do not yet. Nothing where that is no more than a report.
std::optional<PlannedAction> harshest(const Verdict& verdict, bool still_pending) {
    PlannedAction planned;
    planned.server = verdict.server;
    for (const Finding& finding : verdict.findings) {
        if ((finding.pending > seconds(0)) != still_pending) continue;
        planned.action = std::max(planned.action, finding.action);
    }
    if (planned.action == Action::report) return std::nullopt;
    std::optional<seconds> soonest;
    for (const Finding& finding : verdict.findings) {
        if ((finding.pending > seconds(0)) != still_pending || finding.action != planned.action) {
            continue;
        }
        planned.rules.push_back(finding.rule);
        planned.reasons.push_back(finding.why);
        soonest = std::min(soonest.value_or(finding.pending), finding.pending);
    }
    planned.pending = soonest.value_or(seconds(0));
    return planned;
}

/// A planned action with what decides its place.
struct Placed {
    PlannedAction planned;
    Candidate candidate;
};

/// What is due sooner, then the harsher, then who goes first.
bool acted_on_before(const Placed& a, const Placed& b) {
    if (a.planned.pending != b.planned.pending) return a.planned.pending < b.planned.pending;
    if (a.planned.action != b.planned.action) return a.planned.action > b.planned.action;
    return goes_before(a.candidate, b.candidate);
}

std::vector<PlannedAction> in_order(std::vector<Placed> placed) {
    std::sort(placed.begin(), placed.end(), acted_on_before);
    std::vector<PlannedAction> ordered;
    ordered.reserve(placed.size());
    for (Placed& one : placed) ordered.push_back(std::move(one.planned));
    return ordered;
}

}  // namespace

Plan evaluate(const scan::Snapshot& snapshot, const Tracks& tracks, const Policy& policy,
              const UserNames& users) {
    const std::vector<Conditions> conditions = conditions_of(snapshot, tracks, policy);
    const Judge judge(snapshot, tracks, policy, users);
    Plan plan;
    plan.verdicts.reserve(conditions.size());
    std::vector<Placed> due;
    std::vector<Placed> pending;
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        plan.verdicts.push_back(judge.judge(i, conditions[i]));
        const Candidate candidate{&snapshot.servers[i], conditions[i].idle, i};
        if (auto now = harshest(plan.verdicts.back(), false)) {
            due.push_back({std::move(*now), candidate});
        } else if (auto later = harshest(plan.verdicts.back(), true)) {
            pending.push_back({std::move(*later), candidate});
        }
    }
    plan.due = in_order(std::move(due));
    plan.pending = in_order(std::move(pending));
    return plan;
}

}  // namespace reaper::policy
