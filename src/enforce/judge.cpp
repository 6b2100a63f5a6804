#include "enforce/judge.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "policy/confirm.h"
#include "policy/exemptions.h"
#include "policy/safety.h"

namespace reaper::enforce {
namespace {

policy::Action action_of(Deed deed) {
    switch (deed) {
        case Deed::throttle:
            return policy::Action::throttle;
        case Deed::freeze:
            return policy::Action::freeze;
        case Deed::terminate:
            return policy::Action::terminate;
        case Deed::release:
            break;
    }
    return policy::Action::report;
}

const scan::Server* find(const scan::Snapshot& snapshot, const ProcessId& id) {
    for (const scan::Server& server : snapshot.servers) {
        if (server.id == id) return &server;
    }
    return nullptr;
}

bool has_member(const scan::Server& server, const ProcessId& id) {
    return std::any_of(server.members.begin(), server.members.end(),
                       [&](const scan::Member& member) { return member.id == id; });
}

/// A member that is neither one of before nor descends from one: what the order was about has changed.
bool grown_upwards(const scan::Server& before, const scan::Server& now) {
    std::set<pid_t> vouched;  // Of those that live: an ended one's pid may be anybody's by now.
    const auto vouch = [&](const scan::Member& member) {
        return has_member(before, member.id) || vouched.contains(member.parent);
    };
    // Parents stand before their children in the chain; helpers are ordered by pid, which wraps around.
    for (std::size_t round = 0; round < now.members.size(); ++round) {
        bool more = false;
        for (const scan::Member& member : now.members) {
            if (vouch(member)) more = vouched.insert(member.id.pid).second || more;
        }
        if (!more) break;
    }
    return !std::all_of(now.members.begin(), now.members.end(), vouch);
}

}  // namespace

tl::expected<scan::Server, Outcome> Judge::judge(const Order& order, const scan::Snapshot& snapshot) {
    const scan::Server* const found = find(snapshot, order.server.id);
    if (found == nullptr) {
        std::vector<ProcessId> members;
        for (const scan::Member& member : order.server.members) members.push_back(member.id);
        const bool alive = std::any_of(members.begin(), members.end(),
                                       [&](const ProcessId& id) { return !has_ended(host_.find(id)); });
        if (!alive) return tl::unexpected(outcome_of(Effect::gone, "it has ended by itself"));
        return tl::unexpected(
            outcome_of(Effect::cancelled, "it is no longer the server that was looked at: look again"));
    }
    scan::Server now = *found;
    if (auto no = keep_old_members(order, snapshot, now)) return tl::unexpected(std::move(*no));
    if (grown_upwards(order.server, now)) {
        return tl::unexpected(
            outcome_of(Effect::cancelled, "processes belong to it now that did not before: look again"));
    }
    const bool others = order.asked_by && std::any_of(now.members.begin(), now.members.end(),
                                                      [&](const scan::Member& member) {
                                                          return member.uid != *order.asked_by;
                                                      });
    if (others) {
        return tl::unexpected(
            outcome_of(Effect::refused, "a process of another user is part of it now", "as root"));
    }
    if (const auto refusal = policy::forbidden(now, action_of(order.deed), snapshot.viewer)) {
        return tl::unexpected(outcome_of(Effect::refused, refusal->why, refusal->remedy));
    }
    auto no = order.origin == Origin::rule ? judge_by_rule(order, now, snapshot.viewer)
                                           : judge_by_hand(order, now);
    if (no) return tl::unexpected(std::move(*no));
    return now;
}

/// What has once been seen as part of a server stays so: a helper that has lost its parent meanwhile.
std::optional<Outcome> Judge::keep_old_members(const Order& order, const scan::Snapshot& snapshot,
                                               scan::Server& now) {
    for (const scan::Member& member : order.server.members) {
        if (has_member(now, member.id)) continue;
        const auto alive = host_.find(member.id);
        if (has_ended(alive)) continue;
        if (!alive->protected_as.empty()) {
            return outcome_of(Effect::cancelled,
                              "a process that is never ended is part of it now: " + alive->protected_as);
        }
        for (const scan::Server& other : snapshot.servers) {
            if (has_member(other, member.id)) {
                return outcome_of(Effect::cancelled, "its process " + std::to_string(member.id.pid) +
                                                         " belongs to another server now: look again");
            }
        }
        now.members.push_back(member);
    }
    return std::nullopt;
}

std::optional<Outcome> Judge::judge_by_rule(const Order& order, const scan::Server& now,
                                            const scan::Viewer& viewer) const {
    policy::PlannedAction planned;
    planned.server = order.server.id;
    planned.action = action_of(order.deed);
    planned.rules = order.rules;
    planned.reasons = order.reasons;
    planned.under_pressure = order.under_pressure;
    planned.weight_only = order.deed == Deed::throttle && !order.limits.cpu;
    const auto contrary = policy::contradiction(planned, now, policy_, users_, viewer);
    if (!contrary) return std::nullopt;
    return outcome_of(Effect::cancelled, *contrary);
}

std::optional<Outcome> Judge::judge_by_hand(const Order& order, const scan::Server& now) const {
    const policy::Exemptions exemptions(policy_, users_);
    if (const std::string entry = exemptions.protects(now); !entry.empty()) {
        return outcome_of(Effect::refused, "the policy protects it (" + entry + ")",
                          "change protect: in the policy");
    }
    const bool starves = order.deed != Deed::throttle || order.limits.cpu || order.limits.memory_max ||
                         order.limits.pids_max;
    if (starves && now.in_use() && !order.even_in_use) {
        const std::string how = now.channel == scan::Channel::open ? "its client is connected"
                                : now.standalone.value_or(false)   ? now.standalone_why
                                : now.channel == scan::Channel::unknown
                                    ? "whether its client is connected cannot be told"
                                    : "that it is not cannot be told";
        return outcome_of(Effect::refused, "it is in use: " + how, "add --even-in-use");
    }
    return std::nullopt;
}

}  // namespace reaper::enforce
