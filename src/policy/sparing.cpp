#include "policy/sparing.h"

#include <algorithm>
#include <optional>

#include "policy/conditions.h"

namespace reaper::policy {
namespace {

/// The process of `server` that belongs to somebody else, if any: its owner.
std::optional<uid_t> foreign_owner(const scan::Server& server, uid_t viewer) {
    if (server.uid != viewer) return server.uid;
    for (const scan::Member& member : server.members) {
        if (member.uid != viewer) return member.uid;
    }
    return std::nullopt;
}

/// Ending the server gets rid of a zombie only by ending the parent that does not reap it.
bool holds_parent_of_zombie(const scan::Server& server) {
    const auto alive = [&](pid_t pid) {
        return std::any_of(server.members.begin(), server.members.end(),
                           [&](const scan::Member& m) { return m.id.pid == pid && !m.zombie; });
    };
    return std::any_of(server.members.begin(), server.members.end(),
                       [&](const scan::Member& m) { return m.zombie && alive(m.parent); });
}

/// What cannot be told of it; empty where all is known.
std::string unknown_evidence(const scan::Server& server) {
    if (server.channel == scan::Channel::unknown) return "whether its channel is open cannot be told";
    if (!server.standalone) return "whether it listens cannot be told";
    return "";
}

std::string in_use_reason(const scan::Server& server) {
    if (server.channel == scan::Channel::open) return "in use: its channel is open";
    if (server.standalone.value_or(false)) {
        return server.standalone_why.empty() ? "in use: standalone" : "in use: " + server.standalone_why;
    }
    const std::string unknown = unknown_evidence(server);
    if (!unknown.empty()) return "may be in use: " + unknown;
    return "may be in use: its stdin is a terminal";
}

}  // namespace

std::string Sparing::keep_reason(Rule rule, const scan::Server& server) const {
    if (server.suspected()) return "only suspected to be an MCP server";
    if (only_zombies(server)) return "only zombies are left of it: their parent must reap them";
    if (rule == Rule::zombie && !holds_parent_of_zombie(server)) {
        return "the zombie's parent is not part of the server and must reap it";
    }
    if (!server.contains_protected.empty()) {
        return "a process that is never ended is part of it: " + server.contains_protected;
    }
    if (server.unit_main) {
        return "systemd looks after it: " +
               (server.standalone_why.empty() ? "main process of a unit" : server.standalone_why);
    }
    if (server.launcher_kind == classify::LauncherKind::container) {
        return "it runs in a container, which outlives what is seen of it here";
    }
    if (viewer_.uid != 0) {
        if (const auto owner = foreign_owner(server, viewer_.uid)) {
            return "it belongs to another user (uid " + std::to_string(*owner) + ")";
        }
    }
    if (const std::string entry = exemptions_.protects(server); !entry.empty()) {
        return "protected by the policy (" + entry + ")";
    }
    if (const std::string entry = exemptions_.exempts(server, rule); !entry.empty()) {
        return "exempt by the policy (" + entry + ")";
    }
    return "";
}

Decision Sparing::decide(Rule rule, const scan::Server& server) const {
    const RuleSettings& settings = policy_.rule(rule);
    Decision decision{settings.action, ""};
    if (decision.action == Action::report) return decision;
    const auto spare = [&](Action milder, std::string why) {
        decision = {milder, std::move(why)};
        return decision;
    };

    if (std::string why = keep_reason(rule, server); !why.empty()) {
        return spare(Action::report, std::move(why));
    }
    if (settings.spare == Spare::in_use && server.in_use()) {
        // Never harsher than the rule itself, and never harsher than a lower CPU weight.
        spare(std::min({settings.action, settings.otherwise, Action::throttle}), in_use_reason(server));
    }
    if (decision.action > Action::throttle) {
        // No policy turns this off: unknown evidence means keep.
        if (std::string why = unknown_evidence(server); !why.empty()) {
            return spare(Action::report, std::move(why));
        }
        if (rule == Rule::over_memory && !server.usage.memory_is_complete) {
            return spare(Action::report, "its own memory cannot be told from what it shares");
        }
    }
    if (decision.action > Action::report && policy_.mode == Mode::observe) {
        return spare(Action::report, "the policy only observes");
    }
    return decision;
}

}  // namespace reaper::policy
