#include "policy/evaluate.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "policy/conditions.h"
#include "policy/duplicates.h"
#include "policy/escalation.h"
#include "policy/evidence.h"
#include "policy/sparing.h"

namespace reaper::policy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// What of `needed` is still to be seen, all of it where the span has not begun; below zero, for how
/// long it has been over.
milliseconds rest_of(milliseconds needed, const std::optional<MonotonicTime>& since, MonotonicTime now) {
    if (!since || *since > now) return needed;
    return needed - (now - *since);
}

/// The earlier one, of those that there are.
std::optional<MonotonicTime> earlier(const std::optional<MonotonicTime>& a,
                                     const std::optional<MonotonicTime>& b) {
    if (!a || !b) return a ? a : b;
    return std::min(*a, *b);
}

/// The judgement of one server.
class Judge {
  public:
    Judge(const scan::Snapshot& snapshot, const Tracks& tracks, const Policy& policy,
          const UserNames& users, bool under_pressure)
        : snapshot_(snapshot),
          tracks_(tracks),
          policy_(policy),
          users_(users),
          under_pressure_(under_pressure),
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
            verdict.findings.push_back(harsher_finding(rule, index, conditions));
        }
        verdict.warnings = warnings(server, conditions);
        verdict.status = status(verdict);
        return verdict;
    }

  private:
    /// What pressure may end is treated by the rule's steps, and the first of these may be milder than
    /// what is done about a server that is spared: pressure makes nothing milder.
    [[nodiscard]] Finding harsher_finding(Rule rule, std::size_t index,
                                          const Conditions& conditions) const {
        Finding made = finding(rule, index, conditions);
        const auto at = static_cast<std::size_t>(rule);
        if (!made.under_pressure || !conditions.holds[at]) return made;
        Conditions usual = conditions;
        usual.pressed[at] = false;
        Finding otherwise = finding(rule, index, usual);
        const bool milder = made.pending > seconds(0) || made.action < otherwise.action;
        return otherwise.pending == seconds(0) && milder ? otherwise : made;
    }

    [[nodiscard]] Finding finding(Rule rule, std::size_t index, const Conditions& conditions) const {
        const scan::Server& server = snapshot_.servers[index];
        const RuleSettings& settings = policy_.rule(rule);
        Finding made;
        made.rule = rule;
        made.under_pressure = conditions.by_pressure(rule);
        made.why = evidence(rule, snapshot_, index, conditions, settings, users_);
        const bool hurried = at_once(rule, server, made.under_pressure);
        if (hurried && !made.under_pressure) made.why += ", under memory pressure";
        const Spare spare = made.under_pressure ? policy_.pressure.spare : settings.spare;
        auto steps = decided_steps(rule, settings, server, sparing_, spare);
        const seconds hold = hurried ? seconds(0) : settings.hold;
        milliseconds rest = rest_of(hold, since(made, server), snapshot_.monotonic);
        if (rule == Rule::superseded) {
            rest = std::max(rest, milliseconds(settings.idle) - conditions.idle);
        }
        if (acts(steps) && spare == Spare::in_use) rest = std::max(rest, rest_of_use(server));
        set_action(made, std::move(steps), rest);
        return made;
    }

    /// Whether a span is not waited for: memory is short. A server in use is not ended any sooner by a
    /// rule that spares nothing, unless pressure itself could end it.
    [[nodiscard]] bool at_once(Rule rule, const scan::Server& server, bool by_pressure) const {
        const bool limit_of_use = rule == Rule::over_cpu || rule == Rule::over_memory;
        if (!under_pressure_ || !limit_of_use) return false;
        return by_pressure || !server.in_use() || policy_.pressure.spare == Spare::nothing;
    }

    [[nodiscard]] Track track_of(const scan::Server& server) const {
        const auto found = tracks_.find(server.id);
        return found == tracks_.end() ? Track{} : found->second;
    }

    [[nodiscard]] std::optional<MonotonicTime> since(const Finding& finding,
                                                     const scan::Server& server) const {
        const auto rule = static_cast<std::size_t>(finding.rule);
        const Track track = track_of(server);
        if (!finding.under_pressure) return track.holds_since[rule];
        return earlier(track.holds_since[rule], track.pressed_since[rule]);
    }

    /// What is still to be seen before it is sure to be out of use. Whoever spares what is in use must
    /// be as sure that a server is not as the orphan rule is: its client may be closing it (the SDK
    /// takes up to 4 s), or it may not listen yet.
    [[nodiscard]] milliseconds rest_of_use(const scan::Server& server) const {
        if (server.in_use()) return milliseconds::min();
        return rest_of(policy_.rule(Rule::orphan).hold, track_of(server).unused_since,
                       snapshot_.monotonic);
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
            case Rule::unresponsive:
                return Status::unhealthy;
        }
        return Status::healthy;
    }

    const scan::Snapshot& snapshot_;
    const Tracks& tracks_;
    const Policy& policy_;
    const UserNames& users_;
    bool under_pressure_;
    Sparing sparing_;
};

/// What a finding asks for, and in what time.
struct Asked {
    Action action = Action::report;
    seconds in{0};
};

Asked asked_now(const Finding& finding) {
    return {finding.pending > seconds(0) ? Action::report : finding.action, seconds(0)};
}

/// What it would ask for next: once it holds, or with its next step where this one only reports.
Asked asked_later(const Finding& finding) {
    if (finding.action > Action::report) {
        return {finding.pending > seconds(0) ? finding.action : Action::report, finding.pending};
    }
    return finding.next ? Asked{finding.next->action, finding.next->in} : Asked{};
}

/// The harshest that the findings ask for by `asked`; nothing where that is no more than a report.
std::optional<PlannedAction> harshest(const Verdict& verdict, Asked (*asked)(const Finding&)) {
    PlannedAction planned;
    planned.server = verdict.server;
    for (const Finding& finding : verdict.findings) {
        planned.action = std::max(planned.action, asked(finding).action);
    }
    if (planned.action == Action::report) return std::nullopt;
    std::optional<seconds> soonest;
    planned.weight_only = planned.action == Action::throttle;
    for (const Finding& finding : verdict.findings) {
        const Asked wanted = asked(finding);
        if (wanted.action != planned.action) continue;
        planned.rules.push_back(finding.rule);
        planned.reasons.push_back(finding.why);
        planned.weight_only = planned.weight_only && finding.weight_only;
        planned.under_pressure = planned.under_pressure || finding.under_pressure;
        soonest = std::min(soonest.value_or(wanted.in), wanted.in);
    }
    planned.pending = soonest.value_or(seconds(0));
    return planned;
}

/// A planned action with what decides its place.
struct Placed {
    PlannedAction planned;
    Candidate candidate;
};

/// Who goes first of two (duplicates.h).
using Precedence = bool (*)(const Candidate&, const Candidate&);

/// What is due sooner first, then the harsher, then who goes first.
std::vector<PlannedAction> in_order(std::vector<Placed> placed, Precedence goes_first) {
    std::sort(placed.begin(), placed.end(), [goes_first](const Placed& a, const Placed& b) {
        if (a.planned.pending != b.planned.pending) return a.planned.pending < b.planned.pending;
        if (a.planned.action != b.planned.action) return a.planned.action > b.planned.action;
        return goes_first(a.candidate, b.candidate);
    });
    std::vector<PlannedAction> ordered;
    ordered.reserve(placed.size());
    for (Placed& one : placed) ordered.push_back(std::move(one.planned));
    return ordered;
}

}  // namespace

Plan evaluate(const scan::Snapshot& snapshot, const Tracks& tracks, const Policy& policy,
              const UserNames& users, const Circumstances& circumstances) {
    const auto conditions = conditions_of(snapshot, tracks, policy, circumstances);
    const bool pressed = under_pressure(policy, circumstances);
    const Judge judge(snapshot, tracks, policy, users, pressed);
    Plan plan;
    plan.verdicts.reserve(conditions.size());
    std::vector<Placed> due;
    std::vector<Placed> pending;
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        plan.verdicts.push_back(judge.judge(i, conditions[i]));
        const Candidate candidate{&snapshot.servers[i], conditions[i].idle, i};
        if (auto now = harshest(plan.verdicts.back(), asked_now)) {
            due.push_back({std::move(*now), candidate});
        } else if (auto later = harshest(plan.verdicts.back(), asked_later)) {
            pending.push_back({std::move(*later), candidate});
        }
    }
    const Precedence goes_first = pressed ? goes_before_under_pressure : goes_before;
    plan.due = in_order(std::move(due), goes_first);
    plan.pending = in_order(std::move(pending), goes_first);
    return plan;
}

}  // namespace reaper::policy
