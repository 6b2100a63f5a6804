// The evidence for a finding, in one sentence with its figures.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/conditions.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "scan/snapshot.h"

namespace reaper::policy {

/// Why `rule`, whose condition holds, holds for server number `index` of the snapshot:
/// "memory 812 MiB, limit 500 MiB".
std::string evidence(Rule rule, const scan::Snapshot& snapshot, std::size_t index,
                     const Conditions& conditions, const RuleSettings& settings, const UserNames& users);

/// The warning thresholds that a server has passed without being over the limit itself:
/// "memory 320 MiB, warning at 300 MiB".
std::vector<std::string> warnings(const scan::Server& server, const Conditions& conditions);

}  // namespace reaper::policy
