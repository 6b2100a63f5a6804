// Instances of a server type too many, and servers that a newer one has taken the place of.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "policy/policy.h"
#include "policy/rule.h"
#include "scan/server.h"

namespace reaper::policy {

/// A server as a candidate to go: its evidence, how long it has been idle, where it stands.
struct Candidate {
    const scan::Server* server = nullptr;
    std::chrono::milliseconds idle{0};
    std::size_t index = 0;  ///< In the snapshot.
};

/// Who goes first: orphans, then idle longest, then oldest. A total order, so that the same servers
/// give the same plan in whatever order they come.
bool goes_before(const Candidate& a, const Candidate& b);

/// The same while memory is short: orphans, then idle longest, then biggest.
bool goes_before_under_pressure(const Candidate& a, const Candidate& b);

/// A server beyond its type's max_instances_per_type.
struct Excess {
    std::size_t instance = 0;  ///< From 1, those that stay first; the first to go has the highest.
    unsigned limit = 0;
};

/// Which of the candidates are too many of their type, by their index in the snapshot. In every group
/// exactly as many as it has beyond its limit, in the order of goes_before: where orphans make up the
/// excess, nothing else is marked. With Scope::client a server without a living, identified client is
/// in no group. `limits_of[i]` is the limit for the server with index i; one for every server.
std::vector<std::optional<Excess>> excess_instances(
    std::vector<Candidate> candidates, Scope per, const std::vector<std::optional<unsigned>>& limits_of);

/// For each server, by index, the newest server of the same known and living client, type and
/// arguments, where that is newer and certainly serves.
std::vector<std::optional<std::size_t>> newer_instances(const std::vector<Candidate>& candidates,
                                                        std::size_t servers);

}  // namespace reaper::policy
