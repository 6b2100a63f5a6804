// Which rules each server of a snapshot breaks at this moment; how long it has done so is the tracks'
// affair, what is done about it the evaluation's.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "policy/circumstances.h"
#include "policy/duplicates.h"
#include "policy/policy.h"
#include "policy/rule.h"
#include "policy/tracks.h"
#include "scan/server.h"
#include "scan/snapshot.h"

namespace reaper::policy {

/// A server this young is judged by no CPU limit: a cold start by npx takes up to 16 s and 6 CPU
/// seconds (node-gyp, prebuild-install), which a short window shows as far more than one core.
inline constexpr std::chrono::seconds kStartUpGrace{30};

struct Conditions {
    Limits limits;  ///< In force for its type at any time.
    std::chrono::milliseconds idle{0};
    std::array<bool, kRules.size()> holds{};  ///< By these limits.
    /// By pressure's, which are in force now: not by the others, or the policy allows more by these.
    std::array<bool, kRules.size()> pressed{};
    std::optional<Limits> pressed_limits;      ///< Only while memory is short.
    std::optional<Excess> excess;              ///< Where it is a duplicate.
    std::optional<std::size_t> superseded_by;  ///< Index into the snapshot's servers.

    [[nodiscard]] bool hold(Rule rule) const {
        return holds[static_cast<std::size_t>(rule)] || by_pressure(rule);
    }
    [[nodiscard]] bool by_pressure(Rule rule) const { return pressed[static_cast<std::size_t>(rule)]; }
};

/// One a server, in the snapshot's order. `tracks` must know the activity up to this snapshot. A
/// suspected server breaks no rule and counts for none; nor does one of which only zombies are left,
/// but for the rule about zombies.
std::vector<Conditions> conditions_of(const scan::Snapshot& snapshot, const Tracks& tracks,
                                      const Policy& policy, const Circumstances& circumstances = {});

/// Whether pressure's limits and the rest of it count now.
bool under_pressure(const Policy& policy, const Circumstances& circumstances);

/// Every member is a zombie: it runs no more, and nothing of it can be ended.
bool only_zombies(const scan::Server& server);

/// Old enough for its CPU use to be judged.
bool started_up(const scan::Server& server);

}  // namespace reaper::policy
