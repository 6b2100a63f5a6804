// A plan -> the orders that carry it out. Pure.
#pragma once

#include <vector>

#include "enforce/outcome.h"
#include "policy/plan.h"
#include "policy/policy.h"
#include "scan/snapshot.h"

namespace reaper::enforce {

/// One for each of the plan's due actions, in its order. A throttle that may not starve its server gets
/// a CPU weight, any other the policy's quota (and its explicit limits).
std::vector<Order> orders_of(const scan::Snapshot& snapshot, const policy::Plan& plan,
                             const policy::Policy& policy);

}  // namespace reaper::enforce
