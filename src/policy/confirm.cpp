#include "policy/confirm.h"

#include <algorithm>
#include <utility>

#include "policy/safety.h"
#include "policy/sparing.h"
#include "policy/wording.h"

namespace reaper::policy {
namespace {

using Reason = std::optional<std::string>;

Reason orphan_no_more(const scan::Server& now) {
    if (now.orphan()) return std::nullopt;
    if (now.channel == scan::Channel::open) return "its client is back: the channel is open";
    if (std::string unknown = unknown_evidence(now); !unknown.empty()) return unknown;
    if (*now.standalone) {
        return "it serves others now: " +
               (now.standalone_why.empty() ? "standalone" : now.standalone_why);
    }
    return "its channel is not closed any more";
}

/// Of a limit that may be gone, or may be another one: the type decides, and the policy.
template <typename T>
Reason within(const T& value, const std::optional<T>& limit, const std::string& what) {
    if (!limit) return "no limit of its " + what + " is in force for it now";
    if (value > *limit) return std::nullopt;
    return "its " + what + " (" + in_words(value) + ") is within the limit of " + in_words(*limit);
}

/// Of a limit that more than one look is needed for: only whether there still is one.
template <typename T>
Reason limit_gone(const std::optional<T>& limit, const std::string& what) {
    if (limit) return std::nullopt;
    return "no limit of its " + what + " is in force for it now";
}

/// Why what one look tells of the rule does not hold any more.
Reason holds_no_more(Rule rule, const scan::Server& now, const Limits& limits) {
    switch (rule) {
        case Rule::orphan:
            return orphan_no_more(now);
        case Rule::zombie:
            return now.zombies() > 0 ? Reason{} : "its zombie has been reaped";
        case Rule::duplicate:
            return limit_gone(limits.max_instances_per_type, "number");
        case Rule::superseded:
            return std::nullopt;
        case Rule::over_age:
            return within(now.usage.age, limits.max_age, "age");
        case Rule::over_cpu:
            return limit_gone(limits.max_cpu, "CPU use");
        case Rule::over_memory:
            return within(now.usage.memory, limits.max_memory, "memory");
        case Rule::unresponsive:
            // Whether it answers now, nobody has asked: only whether it is still one that should.
            return now.standalone.value_or(false) ? Reason{} : "it does not listen any more";
    }
    return std::nullopt;
}

/// Whether it is a limit that the rule is about, and so one that pressure may make stricter.
bool has_limit(Rule rule) {
    return rule == Rule::duplicate || rule == Rule::over_age || rule == Rule::over_cpu ||
           rule == Rule::over_memory;
}

class Confirmation {
  public:
    Confirmation(const PlannedAction& planned, const scan::Server& now, const Policy& policy,
                 const UserNames& users, const scan::Viewer& viewer)
        : planned_(planned), now_(now), policy_(policy), sparing_(policy, users, viewer) {}

    /// Why `rule` does not ask for what is planned any more.
    [[nodiscard]] Reason against(Rule rule) const {
        Reason why = against(rule, policy_.limits_for(now_.type), policy_.rule(rule).spare);
        const bool pressed = planned_.under_pressure && policy_.pressure.enabled && has_limit(rule);
        if (!why || !pressed) return why;
        return against(rule, policy_.pressed_limits_for(now_.type), policy_.pressure.spare);
    }

  private:
    [[nodiscard]] Reason against(Rule rule, const Limits& limits, Spare spare) const {
        const RuleSettings& settings = policy_.rule(rule);
        if (!settings.enabled || settings.action < planned_.action) {
            return "the policy does not ask for it any more";
        }
        if (Reason why = holds_no_more(rule, now_, limits)) return why;
        Decision decision = sparing_.decide(rule, planned_.action, now_, spare);
        const bool as_harsh = decision.action == planned_.action;
        const bool quota = planned_.action == Action::throttle && !planned_.weight_only;
        if (as_harsh && !(quota && decision.weight_only)) return std::nullopt;
        return std::move(decision.spared);
    }

    const PlannedAction& planned_;
    const scan::Server& now_;
    const Policy& policy_;
    Sparing sparing_;
};

}  // namespace

std::optional<std::string> contradiction(const PlannedAction& planned, const scan::Server& now,
                                         const Policy& policy, const UserNames& users,
                                         const scan::Viewer& viewer) {
    if (auto refusal = forbidden(now, planned.action, viewer)) return std::move(refusal->why);
    const Confirmation confirmation(planned, now, policy, users, viewer);
    Reason first = planned.rules.empty() ? Reason{"no rule asks for it"} : std::nullopt;
    for (const Rule rule : planned.rules) {
        Reason why = confirmation.against(rule);
        if (!why) return std::nullopt;
        if (!first) first = std::move(why);
    }
    return first;
}

}  // namespace reaper::policy
