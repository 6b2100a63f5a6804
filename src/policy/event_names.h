// The events that hooks can be run for, by the names that a policy uses: in the order of
// report::EventKind, which takes its words from here.
#pragma once

#include <array>
#include <string_view>

namespace reaper::policy {

inline constexpr std::array<std::string_view, 23> kEventNames = {"daemon_started",
                                                                 "daemon_stopping",
                                                                 "server_started",
                                                                 "server_stopped",
                                                                 "finding",
                                                                 "finding_cleared",
                                                                 "action",
                                                                 "limit_exceeded",
                                                                 "health_check_failed",
                                                                 "health_check_recovered",
                                                                 "policy_reloaded",
                                                                 "policy_refused",
                                                                 "breaker_opened",
                                                                 "breaker_closed",
                                                                 "pressure",
                                                                 "collector_changed",
                                                                 "late",
                                                                 "paused",
                                                                 "resumed",
                                                                 "look_trouble",
                                                                 "history_trouble",
                                                                 "log_trouble",
                                                                 "hook_failed"};

}  // namespace reaper::policy
