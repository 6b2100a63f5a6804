#include "policy/policy.h"

namespace reaper::policy {
namespace {

template <typename T>
void fill(std::optional<T>& value, const std::optional<T>& fallback) {
    if (!value) value = fallback;
}

void fill(Limits& limits, const Limits& fallback) {
    fill(limits.max_instances_per_type, fallback.max_instances_per_type);
    fill(limits.max_cpu, fallback.max_cpu);
    fill(limits.warning_cpu, fallback.warning_cpu);
    fill(limits.max_memory, fallback.max_memory);
    fill(limits.warning_memory, fallback.warning_memory);
    fill(limits.max_age, fallback.max_age);
}

}  // namespace

Limits Policy::limits_for(const std::string& type) const {
    Limits found;
    for (const ServerType& server : servers) {
        if (server.type == type) fill(found, server.limits);
    }
    fill(found, limits);
    return without_lifted(found);
}

Limits without_lifted(Limits limits) {
    const auto drop = [](auto& value, const auto& none) {
        if (value == none) value.reset();
    };
    drop(limits.max_instances_per_type, kNoLimits.max_instances_per_type);
    drop(limits.max_cpu, kNoLimits.max_cpu);
    drop(limits.warning_cpu, kNoLimits.warning_cpu);
    drop(limits.max_memory, kNoLimits.max_memory);
    drop(limits.warning_memory, kNoLimits.warning_memory);
    drop(limits.max_age, kNoLimits.max_age);
    return limits;
}

Policy builtin_defaults() {
    using std::chrono::seconds;
    Policy policy;
    policy.rule(Rule::orphan).action = Action::terminate;
    policy.rule(Rule::orphan).hold = seconds(30);
    policy.rule(Rule::zombie).action = Action::terminate;
    policy.rule(Rule::zombie).hold = seconds(10);
    policy.rule(Rule::duplicate).action = Action::terminate;
    policy.rule(Rule::duplicate).per = Scope::client;
    policy.rule(Rule::superseded).action = Action::report;
    policy.rule(Rule::superseded).idle = seconds(1800);
    policy.rule(Rule::over_age).action = Action::terminate;
    policy.rule(Rule::over_cpu).action = Action::throttle;
    policy.rule(Rule::over_cpu).hold = seconds(60);
    policy.rule(Rule::over_memory).action = Action::terminate;
    policy.rule(Rule::over_memory).hold = seconds(30);
    return policy;
}

}  // namespace reaper::policy
