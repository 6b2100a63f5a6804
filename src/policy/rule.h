// The rules: what can be wrong with a server, how bad that is, and what may be done about it.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace reaper::policy {

/// docs/architecture.md, "finding".
enum class Rule {
    orphan,
    zombie,
    duplicate,
    superseded,
    over_age,
    over_cpu,
    over_memory,
    unresponsive,
};
inline constexpr std::array kRules = {Rule::orphan,      Rule::zombie,      Rule::duplicate,
                                      Rule::superseded,  Rule::over_age,    Rule::over_cpu,
                                      Rule::over_memory, Rule::unresponsive};

/// From the mildest to the harshest: comparable.
enum class Action { report, throttle, freeze, terminate };
inline constexpr std::array kActions = {Action::report, Action::throttle, Action::freeze,
                                        Action::terminate};

/// Whom a rule's action spares.
enum class Spare {
    in_use,   ///< Never ends, freezes or starves a server that is in use.
    nothing,  ///< The blunt rule, for those who want it.
};

/// Within which group instances of a type are counted.
enum class Scope { host, user, client };

/// Worst first, docs/architecture.md.
enum class Status { zombie, orphan, unhealthy, duplicate, degraded, suspected, healthy };
inline constexpr std::array kStatuses = {Status::zombie,    Status::orphan,   Status::unhealthy,
                                         Status::duplicate, Status::degraded, Status::suspected,
                                         Status::healthy};

std::string_view to_string(Rule rule);
std::string_view to_string(Action action);
std::string_view to_string(Spare spare);
std::string_view to_string(Scope scope);
std::string_view to_string(Status status);
std::optional<Rule> rule_from(std::string_view text);
std::optional<Action> action_from(std::string_view text);
std::optional<Spare> spare_from(std::string_view text);
std::optional<Scope> scope_from(std::string_view text);

}  // namespace reaper::policy
