// Policies built in code, for tests of what they judge.
#pragma once

#include <chrono>
#include <string>

#include "policy/policy.h"

namespace reaper::support {

/// The built-in rules with the limits of a classic reaper.
inline policy::Policy classic_limits() {
    policy::Policy made = policy::builtin_defaults();
    made.limits.max_cpu = CpuPercent{80};
    made.limits.warning_cpu = CpuPercent{70};
    made.limits.max_memory = Bytes::from_mib(500);
    made.limits.warning_memory = Bytes::from_mib(300);
    made.limits.max_age = std::chrono::hours(2);
    return made;
}

/// The same, sparing nothing.
inline policy::Policy blunt() {
    policy::Policy made = classic_limits();
    for (policy::RuleSettings& rule : made.rules) rule.spare = policy::Spare::nothing;
    return made;
}

/// Names the cases of a table by their `name`.
struct CaseName {
    template <typename Info>
    std::string operator()(const Info& info) const {
        return info.param.name;
    }
};
inline constexpr CaseName name_of_case{};

}  // namespace reaper::support
