#include "policy/duplicates.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>

#include "base/process_id.h"

namespace reaper::policy {
namespace {

/// Age has seconds only; within one, the start time decides.
bool older(const scan::Server& a, const scan::Server& b) {
    if (a.usage.age != b.usage.age) return a.usage.age > b.usage.age;
    return a.id.start < b.id.start;
}

bool has_living_client(const scan::Server& server) {
    return server.client && server.client->alive && server.client->id;
}

/// Servers that are counted together. Absent for one that is in no group.
struct Group {
    std::string_view type;
    uid_t uid = 0;
    ProcessId client;

    auto operator<=>(const Group&) const = default;
};

std::optional<Group> group_of(const scan::Server& server, Scope per) {
    switch (per) {
        case Scope::host:
            return Group{server.type, 0, {}};
        case Scope::user:
            return Group{server.type, server.uid, {}};
        case Scope::client:
            if (!has_living_client(server)) return std::nullopt;
            return Group{server.type, 0, *server.client->id};
    }
    return std::nullopt;
}

/// Takes the place of an older one only if it certainly serves: one that leaked itself, or of which
/// nothing is known, has taken nobody's place.
bool serves(const scan::Server& server) {
    return server.channel == scan::Channel::open || server.standalone.value_or(false);
}

}  // namespace

bool goes_before(const Candidate& a, const Candidate& b) {
    if (a.server->orphan() != b.server->orphan()) return a.server->orphan();
    if (a.idle != b.idle) return a.idle > b.idle;
    if (older(*a.server, *b.server)) return true;
    if (older(*b.server, *a.server)) return false;
    return a.server->id < b.server->id;
}

bool goes_before_under_pressure(const Candidate& a, const Candidate& b) {
    const bool alike = a.server->orphan() == b.server->orphan() && a.idle == b.idle;
    if (alike && a.server->usage.memory != b.server->usage.memory) {
        return a.server->usage.memory > b.server->usage.memory;
    }
    return goes_before(a, b);
}

std::vector<std::optional<Excess>> excess_instances(
    std::vector<Candidate> candidates, Scope per,
    const std::vector<std::optional<unsigned>>& limits_of) {
    std::vector<std::optional<Excess>> excess(limits_of.size());
    std::sort(candidates.begin(), candidates.end(), goes_before);
    std::map<Group, std::vector<std::size_t>> groups;
    for (const Candidate& candidate : candidates) {
        if (!limits_of[candidate.index]) continue;
        if (const auto group = group_of(*candidate.server, per)) {
            groups[*group].push_back(candidate.index);
        }
    }
    for (const auto& [group, members] : groups) {
        const unsigned limit = *limits_of[members.front()];
        for (std::size_t i = 0; members.size() - i > limit; ++i) {
            excess[members[i]] = Excess{members.size() - i, limit};
        }
    }
    return excess;
}

std::vector<std::optional<std::size_t>> newer_instances(const std::vector<Candidate>& candidates,
                                                        std::size_t servers) {
    using Key = std::tuple<ProcessId, std::string_view, std::uint64_t>;
    const auto key_of = [](const scan::Server& server) -> std::optional<Key> {
        if (!has_living_client(server) || !server.client->known) return std::nullopt;
        return Key{*server.client->id, server.type, server.arguments_digest};
    };
    std::map<Key, const Candidate*> newest;
    for (const Candidate& candidate : candidates) {
        const auto key = key_of(*candidate.server);
        if (!key || !serves(*candidate.server)) continue;
        const Candidate*& so_far = newest[*key];
        if (so_far == nullptr || older(*so_far->server, *candidate.server) ||
            (!older(*candidate.server, *so_far->server) && so_far->server->id < candidate.server->id)) {
            so_far = &candidate;
        }
    }
    std::vector<std::optional<std::size_t>> newer(servers);
    for (const Candidate& candidate : candidates) {
        const auto key = key_of(*candidate.server);
        const auto found = key ? newest.find(*key) : newest.end();
        if (found == newest.end() || !older(*candidate.server, *found->second->server)) continue;
        newer[candidate.index] = found->second->index;
    }
    return newer;
}

}  // namespace reaper::policy
