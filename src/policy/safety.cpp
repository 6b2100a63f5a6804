#include "policy/safety.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "policy/conditions.h"

namespace reaper::policy {
namespace {

constexpr const char* kAsRoot = "run as root";

/// The process outside that must reap what is left of a server of zombies; 0 where none can be named.
pid_t parent_outside(const scan::Server& server) {
    for (const scan::Member& member : server.members) {
        const bool inside =
            std::any_of(server.members.begin(), server.members.end(),
                        [&](const scan::Member& other) { return other.id.pid == member.parent; });
        if (!inside) return member.parent;
    }
    return 0;
}

std::optional<Refusal> suspected(const scan::Server& server) {
    if (!server.suspected()) return std::nullopt;
    return Refusal{"suspected", "only suspected to be an MCP server",
                   "name it in the policy's servers: so that its type is known"};
}

std::optional<Refusal> only_zombies_left(const scan::Server& server) {
    if (!only_zombies(server)) return std::nullopt;
    const pid_t parent = parent_outside(server);
    return Refusal{"zombies only", "only zombies are left of it: their parent must reap them",
                   parent > 1 ? "end their parent (pid " + std::to_string(parent) + ")" : ""};
}

std::optional<Refusal> protected_inside(const scan::Server& server) {
    const std::string& inside = server.contains_protected;
    if (inside.empty()) return std::nullopt;
    return Refusal{"protected", "a process that is never ended is part of it: " + inside,
                   "end or move " + inside + " first"};
}

/// The unit's name is only in the words of the evidence: "main process of x.service".
std::string stop_unit(std::string_view evidence) {
    constexpr std::string_view kBefore = "main process of ";
    const bool named = evidence.starts_with(kBefore) && evidence.size() > kBefore.size();
    if (!named) return "stop its unit with systemctl";
    return "systemctl stop " + std::string(evidence.substr(kBefore.size()));
}

std::optional<Refusal> unit(const scan::Server& server) {
    if (!server.unit_main) return std::nullopt;
    const std::string& evidence = server.standalone_why;
    return Refusal{"unit",
                   "systemd looks after it: " + (evidence.empty() ? "main process of a unit" : evidence),
                   stop_unit(evidence)};
}

std::optional<Refusal> container(const scan::Server& server) {
    if (server.launcher_kind != classify::LauncherKind::container) return std::nullopt;
    return Refusal{"container", "it runs in a container, which outlives what is seen of it here",
                   "stop the container (docker stop)"};
}

/// The process of `server` that belongs to somebody else, if any: its owner.
std::optional<uid_t> foreign_owner(const scan::Server& server, uid_t viewer) {
    if (server.uid != viewer) return server.uid;
    for (const scan::Member& member : server.members) {
        if (member.uid != viewer) return member.uid;
    }
    return std::nullopt;
}

std::optional<Refusal> other_user(const scan::Server& server, const scan::Viewer& viewer) {
    if (viewer.uid == 0) return std::nullopt;
    const auto owner = foreign_owner(server, viewer.uid);
    if (!owner) return std::nullopt;
    return Refusal{"other user", "it belongs to another user (uid " + std::to_string(*owner) + ")",
                   kAsRoot};
}

std::optional<Refusal> unknown(const scan::Server& server, const scan::Viewer& viewer) {
    std::string why = unknown_evidence(server);
    if (why.empty()) return std::nullopt;
    return Refusal{"unknown evidence", std::move(why), viewer.uid == 0 ? "" : kAsRoot};
}

}  // namespace

std::string unknown_evidence(const scan::Server& server) {
    if (server.channel == scan::Channel::unknown) return "whether its channel is open cannot be told";
    if (!server.standalone) return "whether it listens cannot be told";
    return "";
}

std::optional<Refusal> forbidden(const scan::Server& server, Action action, const scan::Viewer& viewer) {
    if (action == Action::report) return std::nullopt;
    if (auto refusal = suspected(server)) return refusal;
    if (auto refusal = only_zombies_left(server)) return refusal;
    if (auto refusal = protected_inside(server)) return refusal;
    if (auto refusal = unit(server)) return refusal;
    if (auto refusal = container(server)) return refusal;
    if (auto refusal = other_user(server, viewer)) return refusal;
    if (action > Action::throttle) return unknown(server, viewer);
    return std::nullopt;
}

}  // namespace reaper::policy
