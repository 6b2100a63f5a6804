// The last look before the first signal: is what was planned still right? Pure.
#pragma once

#include <optional>
#include <string>

#include "policy/plan.h"
#include "policy/policy.h"
#include "scan/sample.h"
#include "scan/server.h"

namespace reaper::policy {

/// `now` is the same server, all its evidence read again a moment ago. Why the planned action is no
/// longer right ("its client is back: the channel is open"); nothing where it is.
///
/// At least one of the planned rules must still ask for an action as harsh. Of what takes time or other
/// servers to judge (CPU rates, who is one too many, spans, requests) the plan's word is taken; of what
/// one look tells (orphan, zombie, memory, age, in use, protected, exempt) only the new look's.
std::optional<std::string> contradiction(const PlannedAction& planned, const scan::Server& now,
                                         const Policy& policy, const UserNames& users,
                                         const scan::Viewer& viewer);

}  // namespace reaper::policy
