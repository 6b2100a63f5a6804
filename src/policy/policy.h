// A policy as validated values. Made by load_policy (loader.h); read by evaluate (evaluate.h).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "classify/classifier.h"
#include "guard/settings.h"
#include "policy/rule.h"

namespace reaper::policy {

enum class Mode {
    observe,  ///< Plan and report, never act.
    enforce,
};

/// Limits of a server type. An absent limit is no limit. (policy: `limits:`)
struct Limits {
    std::optional<unsigned> max_instances_per_type;
    std::optional<CpuPercent> max_cpu;            ///< max_cpu_percent, of one core
    std::optional<CpuPercent> warning_cpu;        ///< warning_cpu_percent
    std::optional<Bytes> max_memory;              ///< max_memory_mb
    std::optional<Bytes> warning_memory;          ///< warning_memory_mb
    std::optional<std::chrono::seconds> max_age;  ///< max_age_seconds
};

/// `none` at a server type lifts the policy's limit for that type, where an absent one would mean the
/// policy's. It is kept in ServerType::limits as a value that nothing reaches; limits_for() shows it
/// as absent.
inline constexpr Limits kNoLimits{
    .max_instances_per_type = std::numeric_limits<unsigned>::max(),
    .max_cpu = CpuPercent{std::numeric_limits<double>::max()},
    .warning_cpu = CpuPercent{std::numeric_limits<double>::max()},
    .max_memory = Bytes{std::numeric_limits<std::uint64_t>::max()},
    .warning_memory = Bytes{std::numeric_limits<std::uint64_t>::max()},
    .max_age = std::chrono::hours(24 * 365 * 1000),
};

/// The same limits with those that are kNoLimits' absent.
Limits without_lifted(Limits limits);

/// One step of an escalation: `throttle after 5m`.
struct Step {
    Action action = Action::report;
    std::chrono::seconds after{0};  ///< Since the finding first held for as long as its rule asks.

    bool operator==(const Step&) const = default;
};

/// What is done about a finding. (policy: `rules: { orphan: {…} }`)
struct RuleSettings {
    bool enabled = true;
    Action action = Action::report;  ///< With an escalation: its last and harshest step.
    /// `action: [report, throttle after 5m, terminate after 30m]`: ever harsher, ever later. Empty
    /// where `action` is one word, which is then done at once.
    std::vector<Step> escalation;
    Action otherwise = Action::report;  ///< `else:` for a server that is spared: report or throttle.
    Spare spare = Spare::in_use;
    /// How long the finding must hold at every sample: `after_seconds` (orphan, zombie) or
    /// `for_seconds` (over_cpu, over_memory, unresponsive). Zero for the other rules.
    std::chrono::seconds hold{0};
    std::chrono::seconds idle{0};  ///< superseded: `idle_seconds`
    Scope per = Scope::client;     ///< duplicate: `per`
};

/// What a standalone server of a type is asked, to see that it still answers. (policy:
/// `servers: [{ health: {…} }]`)
struct HealthRequest {
    std::string http;  ///< On this host; "{port}" stands for the port that the server listens on.
    std::chrono::seconds interval{30};  ///< interval_seconds
    std::chrono::seconds timeout{5};    ///< timeout_seconds: from connecting to the answer.
    unsigned failures = 3;              ///< So many in a row, and it is unresponsive.

    bool operator==(const HealthRequest&) const = default;
};

/// How `mcp-reaper run` looks after a server. (policy: `guard:`)
using GuardSettings = guard::Settings;

/// A server type the policy names. (policy: `servers:`)
struct ServerType {
    std::string type;
    std::vector<std::string> match;  ///< One or more patterns for the program slot (or the line).
    bool match_line = false;
    Limits limits;                ///< Only what the type sets itself; see Policy::limits_for.
    bool helper_listens = false;  ///< `listens: helper`
    std::optional<HealthRequest> health;
    std::optional<GuardSettings> guard;  ///< `guard:` of the policy, with what the type says itself.
};

struct ClientProgram {
    std::string name;
    std::string match;
};

/// One line of `exempt:` or `protect:`. All that is set must fit (RE2, anywhere in the value, without
/// regard to case, for `program` and `cgroup`; equality for the rest).
///
/// exempt:  the finding is shown, nothing is done; `rules` may narrow it.
/// protect: the server is never acted upon, whatever any rule says.
struct Exemption {
    std::optional<std::string> type;
    std::optional<std::string> client;
    std::optional<std::string> user;  ///< A name or a number.
    std::optional<std::string> cgroup;
    std::optional<std::string> program;  ///< Pattern for the program slot (`match:`).
    std::vector<Rule> rules;             ///< exempt only; empty: every rule.
};

struct DaemonSettings {
    std::chrono::seconds health_check_interval{5};
    std::chrono::seconds cleanup_interval{5};
    std::chrono::seconds drain{30};  ///< drain_seconds: from SIGTERM to the end of the daemon.
    /// unhealthy_servers: the host is unhealthy from so many on; absent: no number of them makes it so.
    std::optional<unsigned> unhealthy_servers;
};

/// What is different while memory is short. (policy: `pressure:`)
struct PressureSettings {
    bool enabled = true;
    /// stall_percent: memory is short where some task waited for it for this share of two seconds
    /// (PSI "some").
    CpuPercent stall{10};
    std::chrono::seconds lasts{30};  ///< lasts_seconds: from the last time that it was.
    Spare spare = Spare::in_use;     ///< Whom its limits spare.
    Limits limits;                   ///< In force while it lasts, where they are stricter.
};

/// Where events go besides the daemon's own interface. (policy: `events:`)
struct EventSettings {
    bool journal = true;                   ///< To systemd's journal, where there is one.
    std::string log;                       ///< Path of a log of JSON lines; empty: none.
    Bytes log_size = Bytes::from_mib(10);  ///< log_size_mb: a new file begins when it has this size.
    unsigned log_files = 5;                ///< So many are kept.
};

/// A command that is run for events, with the event as JSON on its stdin. (policy: `hooks:`)
struct Hook {
    std::vector<std::string> command;  ///< The first word is the program's absolute path; no shell.
    std::vector<std::string> events;   ///< Of kEventNames; empty: every one.
    std::chrono::seconds timeout{10};  ///< timeout_seconds
};

/// How a server is ended. (policy: `terminate:`)
struct TerminateSettings {
    /// From the first SIGTERM to SIGKILL. A second SIGTERM comes in the middle: some servers close
    /// their browser on the first and leave on the second.
    std::chrono::seconds grace{10};  ///< grace_seconds
};

/// What a server in a cage may use. (policy: `throttle:`)
struct ThrottleSettings {
    CpuPercent cpu{20};               ///< cpu_percent: of one core, for the whole server.
    unsigned cpu_weight = 10;         ///< cpu_weight: beside 100 of everybody else; for a server in use.
    std::optional<Bytes> memory_max;  ///< memory_max_mb; absent: none is set.
    std::optional<unsigned> pids_max;  ///< pids_max; likewise.
};

/// How many servers may be ended. (policy: `budget:`)
struct BudgetSettings {
    unsigned kills_per_minute = 20;
    unsigned respawns = 5;                    ///< So many of a type ended and started again at once …
    std::chrono::seconds respawn_window{60};  ///< … within this (respawn_window_seconds) …
    std::chrono::seconds pause{300};  ///< … end the killing of that type for so long (pause_seconds).
};

/// What is kept of what was done. (policy: `history:`)
struct HistorySettings {
    std::chrono::seconds keep = std::chrono::hours(24 * 90);  ///< keep_seconds
    Bytes max_size = Bytes::from_mib(64);                     ///< max_size_mb
};

struct Policy {
    std::string name;  ///< `name:`, else the file's name.
    Mode mode = Mode::enforce;
    DaemonSettings daemon;
    Limits limits;
    std::array<RuleSettings, kRules.size()> rules;
    TerminateSettings terminate;
    ThrottleSettings throttle;
    BudgetSettings budget;
    HistorySettings history;
    PressureSettings pressure;
    EventSettings events;
    GuardSettings guard;
    std::vector<Hook> hooks;
    std::vector<ServerType> servers;
    std::vector<ClientProgram> clients;
    std::vector<Exemption> exempt;
    std::vector<Exemption> protect;

    [[nodiscard]] const RuleSettings& rule(Rule which) const {
        return rules[static_cast<std::size_t>(which)];
    }
    [[nodiscard]] RuleSettings& rule(Rule which) { return rules[static_cast<std::size_t>(which)]; }

    /// The limits in force for a type: its own where it sets them, else the policy's.
    [[nodiscard]] Limits limits_for(const std::string& type) const;

    /// How a guard looks after a server of this type.
    [[nodiscard]] const GuardSettings& guard_for(const std::string& type) const;

    /// The same while memory is short: of each the stricter of that and pressure.limits. One that the
    /// type has lifted stays lifted.
    [[nodiscard]] Limits pressed_limits_for(const std::string& type) const;
};

/// The built-in values of everything a policy file does not say.
Policy builtin_defaults();

/// Names of users for `exempt: {user: …}`; passed in so that evaluation stays pure.
using UserNames = std::map<unsigned, std::string>;

}  // namespace reaper::policy
