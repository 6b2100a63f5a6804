// THE table of keys of a policy file. The loader, the JSON Schema, `policy show` and the reference in
// docs/policy.md are all made from it or held against it: a key is described here and nowhere else.
// The tables themselves stand in keys.cpp, daemon_keys.cpp, guard_keys.cpp, limit_keys.cpp,
// rule_keys.cpp and settings_keys.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policy/policy.h"

namespace reaper::policy {

/// What may be written for a value, and what it means.
enum class Shape {
    version,   ///< The number 1.
    count,     ///< A whole number.
    percent,   ///< Of one core: 80, 80%
    memory,    ///< In MB of 1024 * 1024 bytes: 500, 500MB, 2GB
    duration,  ///< In whole seconds: 90, 90s, 10m, 2h, 1d
    boolean,
    choice,  ///< One of Key::choices.
    action,  ///< One of Key::choices, or a list of steps: throttle after 5m.
    text,
    type_name,  ///< [a-z0-9][a-z0-9._-]*
    pattern,    ///< RE2
    patterns,   ///< One pattern, or a list of them.
    rules,      ///< A list of rule names.
    events,     ///< A list of the names in Key::choices.
    path,       ///< An absolute path.
    command,    ///< A program's absolute path, or a list of it and its arguments.
    url,        ///< What a server on this host is asked: http://127.0.0.1:{port}/health
    user,       ///< A name, or a number.
};

constexpr double kMostCpu = 1024 * 100.0;           ///< 1,024 cores, in percent of one.
constexpr double kMostMemory = 16.0 * 1024 * 1024;  ///< 16 TiB, in MB.

/// `none` where a limit or a path is meant, in the only form a policy value can have for it.
struct NoLimit {
    bool operator==(const NoLimit&) const = default;
};

/// A value between file and struct: nothing (not set), `none`, a figure in the base unit (bytes,
/// seconds, percent, count), a truth, a text, several texts, the steps of an escalation.
using Value = std::variant<std::monostate, NoLimit, double, bool, std::string, std::vector<std::string>,
                           std::vector<Step>>;

struct Key {
    std::string_view name;
    Shape shape{};
    std::string_view help;  ///< One line.
    double min = 0;         ///< In the unit of the file: count, percent, MB, seconds.
    double max = 0;
    bool may_be_none = false;
    bool required = false;
    std::span<const std::string_view> choices = {};
    bool selective = false;  ///< pattern(s): refused where it fits every program.
};

/// A key of the mapping that fills a T.
template <typename T>
struct Field {
    Key key;
    Value (*get)(const T&) = nullptr;
    void (*set)(T&, const Value&) = nullptr;  ///< The value has the shape's type.
};

/// A key that holds a mapping or a list of them.
struct Section {
    std::string_view name;
    bool list = false;
    std::string_view help;
};

inline constexpr double kMaxEntries = 1000;  ///< Of every list of a policy.

std::span<const Field<Policy>> policy_fields();  ///< version, name, mode: the top's own values.
std::span<const Field<DaemonSettings>> daemon_fields();
std::span<const Field<Limits>> limit_fields();
std::span<const Field<RuleSettings>> rule_fields(Rule rule);  ///< A rule only has its own keys.
std::span<const Field<TerminateSettings>> terminate_fields();
std::span<const Field<ThrottleSettings>> throttle_fields();
std::span<const Field<BudgetSettings>> budget_fields();
std::span<const Field<HistorySettings>> history_fields();
std::span<const Field<PressureSettings>> pressure_fields();  ///< Its limits: limit_fields().
std::span<const Field<EventSettings>> event_fields();
std::span<const Field<GuardSettings>> guard_fields();
std::span<const Field<Hook>> hook_fields();
std::span<const Field<ServerType>> server_fields();
std::span<const Field<HealthRequest>> health_fields();
std::span<const Field<ClientProgram>> client_fields();
std::span<const Field<Exemption>> exempt_fields();
std::span<const Field<Exemption>> protect_fields();

/// Calls visit(name, fields, settings) for each section that says how a plan is carried out and told,
/// in the order in which they are written. `policy` may be const.
template <typename P, typename Visit>
void visit_settings(P& policy, const Visit& visit) {
    visit(std::string("terminate"), terminate_fields(), policy.terminate);
    visit(std::string("throttle"), throttle_fields(), policy.throttle);
    visit(std::string("budget"), budget_fields(), policy.budget);
    visit(std::string("history"), history_fields(), policy.history);
    visit(std::string("pressure"), pressure_fields(), policy.pressure);
    visit(std::string("events"), event_fields(), policy.events);
    visit(std::string("guard"), guard_fields(), policy.guard);
}

/// The top's other keys, in the order in which they are written.
std::span<const Section> sections();
std::string_view rule_help(Rule rule);
/// `limits:` of a server type.
inline constexpr Section kServerLimits{"limits", false,
                                       "Limits of this type, where they differ; none lifts one."};
/// `health:` of a server type.
inline constexpr Section kServerHealth{
    "health", false, "What a server of this type that listens is asked, to see that it still answers."};
/// `guard:` of a server type.
inline constexpr Section kServerGuard{
    "guard", false, "How mcp-reaper run looks after a server of this type, where that differs."};
/// `limits:` of `pressure:`.
inline constexpr Section kPressureLimits{
    "limits", false, "Limits that are in force while memory is short, where they are stricter."};

/// Where else in a policy a key of this name stands: "limits", "rules.orphan", "servers[]"; for the
/// user who wrote it in the wrong place.
std::vector<std::string> places_of(std::string_view key);
/// Every key's name, each once.
std::vector<std::string_view> all_key_names();

}  // namespace reaper::policy
