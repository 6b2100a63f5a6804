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

/// What is done about a finding. (policy: `rules: { orphan: {…} }`)
struct RuleSettings {
    bool enabled = true;
    Action action = Action::report;
    Action otherwise = Action::report;  ///< `else:` for a server that is spared: report or throttle.
    Spare spare = Spare::in_use;
    /// How long the finding must hold at every sample: `after_seconds` (orphan, zombie) or
    /// `for_seconds` (over_cpu, over_memory). Zero for the other rules.
    std::chrono::seconds hold{0};
    std::chrono::seconds idle{0};  ///< superseded: `idle_seconds`
    Scope per = Scope::client;     ///< duplicate: `per`
};

/// A server type the policy names. (policy: `servers:`)
struct ServerType {
    std::string type;
    std::vector<std::string> match;  ///< One or more patterns for the program slot (or the line).
    bool match_line = false;
    Limits limits;                ///< Only what the type sets itself; see Policy::limits_for.
    bool helper_listens = false;  ///< `listens: helper`
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
};

struct Policy {
    std::string name;  ///< `name:`, else the file's name.
    Mode mode = Mode::enforce;
    DaemonSettings daemon;
    Limits limits;
    std::array<RuleSettings, kRules.size()> rules;
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
};

/// The built-in values of everything a policy file does not say.
Policy builtin_defaults();

/// Names of users for `exempt: {user: …}`; passed in so that evaluation stays pure.
using UserNames = std::map<unsigned, std::string>;

}  // namespace reaper::policy
