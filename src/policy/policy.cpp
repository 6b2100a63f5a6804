#include "policy/policy.h"

namespace reaper::policy {
namespace {

template <typename T>
void fill(std::optional<T>& value, const std::optional<T>& fallback) {
    if (!value) value = fallback;
}

/// Calls apply(a's, b's, c's) for each limit.
template <typename Apply>
void each_limit(Limits& a, const Limits& b, const Limits& c, const Apply& apply) {
    apply(a.max_instances_per_type, b.max_instances_per_type, c.max_instances_per_type);
    apply(a.max_cpu, b.max_cpu, c.max_cpu);
    apply(a.warning_cpu, b.warning_cpu, c.warning_cpu);
    apply(a.max_memory, b.max_memory, c.max_memory);
    apply(a.warning_memory, b.warning_memory, c.warning_memory);
    apply(a.max_age, b.max_age, c.max_age);
}

void fill(Limits& limits, const Limits& fallback) {
    each_limit(limits, fallback, fallback,
               [](auto& value, const auto& other, const auto&) { fill(value, other); });
}

/// The limits for a type, those that it has lifted as kNoLimits'.
Limits found_for(const Policy& policy, const std::string& type) {
    Limits found;
    for (const ServerType& server : policy.servers) {
        if (server.type == type) fill(found, server.limits);
    }
    fill(found, policy.limits);
    return found;
}

}  // namespace

Limits Policy::limits_for(const std::string& type) const {
    return without_lifted(found_for(*this, type));
}

const GuardSettings& Policy::guard_for(const std::string& type) const {
    for (const ServerType& server : servers) {
        if (server.type == type && server.guard) return *server.guard;
    }
    return guard;
}

Limits Policy::pressed_limits_for(const std::string& type) const {
    Limits found = found_for(*this, type);
    each_limit(found, pressure.limits, kNoLimits,
               [](auto& value, const auto& pressed, const auto& lifted) {
                   if (value == lifted || !pressed) return;
                   if (!value || *pressed < *value) value = pressed;
               });
    return without_lifted(found);
}

Limits without_lifted(Limits limits) {
    each_limit(limits, kNoLimits, kNoLimits, [](auto& value, const auto& lifted, const auto&) {
        if (value == lifted) value.reset();
    });
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
