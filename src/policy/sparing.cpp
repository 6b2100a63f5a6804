#include "policy/sparing.h"

#include <algorithm>
#include <utility>

#include "policy/safety.h"

namespace reaper::policy {
namespace {

/// Ending the server gets rid of a zombie only by ending the parent that does not reap it.
bool holds_parent_of_zombie(const scan::Server& server) {
    const auto alive = [&](pid_t pid) {
        return std::any_of(server.members.begin(), server.members.end(),
                           [&](const scan::Member& m) { return m.id.pid == pid && !m.zombie; });
    };
    return std::any_of(server.members.begin(), server.members.end(),
                       [&](const scan::Member& m) { return m.zombie && alive(m.parent); });
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
    // What stands against the mildest action stands against every one.
    if (auto refusal = forbidden(server, Action::throttle, viewer_)) return std::move(refusal->why);
    if (rule == Rule::zombie && !holds_parent_of_zombie(server)) {
        return "the zombie's parent is not part of the server and must reap it";
    }
    if (const std::string entry = exemptions_.protects(server); !entry.empty()) {
        return "protected by the policy (" + entry + ")";
    }
    if (const std::string entry = exemptions_.exempts(server, rule); !entry.empty()) {
        return "exempt by the policy (" + entry + ")";
    }
    return "";
}

Decision Sparing::restrained(Rule rule, Action action, const scan::Server& server, Spare spare) const {
    Decision decision{action, "", false};
    if (spare == Spare::in_use && server.in_use()) {
        // Never harsher than the rule itself, and never harsher than a lower CPU weight.
        decision.action = std::min({action, policy_.rule(rule).otherwise, Action::throttle});
        decision.spared = in_use_reason(server);
        decision.weight_only = decision.action == Action::throttle;
    }
    if (auto refusal = forbidden(server, decision.action, viewer_)) {
        return {Action::report, std::move(refusal->why), false};
    }
    if (decision.action > Action::throttle && rule == Rule::over_memory &&
        !server.usage.memory_is_complete) {
        return {Action::report, "its own memory cannot be told from what it shares", false};
    }
    if (decision.action == Action::throttle && !decision.weight_only) {
        // A quota starves: not where it may be in use.
        decision.spared = unknown_evidence(server);
        decision.weight_only = !decision.spared.empty();
    }
    return decision;
}

Decision Sparing::decide(Rule rule, Action action, const scan::Server& server, Spare spare) const {
    if (action == Action::report) return {};
    if (std::string why = keep_reason(rule, server); !why.empty()) {
        return {Action::report, std::move(why), false};
    }
    Decision decision = restrained(rule, action, server, spare);
    if (decision.action > Action::report && policy_.mode == Mode::observe) {
        return {Action::report, "the policy only observes", false};
    }
    return decision;
}

}  // namespace reaper::policy
