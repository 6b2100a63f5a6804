#include "policy/conditions.h"

#include <algorithm>
#include <map>
#include <string_view>

namespace reaper::policy {
namespace {

template <typename T>
bool over(const T& value, const std::optional<T>& limit) {
    return limit && value > *limit;
}

/// Limits by type, worked out once a type: 10,000 servers are of a few types.
class LimitsByType {
  public:
    explicit LimitsByType(const Policy& policy) : policy_(policy) {}

    const Limits& operator()(const std::string& type) {
        const auto found = known_.find(type);
        if (found != known_.end()) return found->second;
        return known_.emplace(type, policy_.limits_for(type)).first->second;
    }

  private:
    const Policy& policy_;
    std::map<std::string_view, Limits> known_;
};

/// It worked since the sample before. Not so for one that was never seen before: what it did until
/// now nobody knows.
bool at_work(const Tracks& tracks, const ProcessId& server, MonotonicTime now) {
    const auto track = tracks.find(server);
    return track != tracks.end() && track->second.last_active == now && track->second.first_seen < now;
}

/// The rules that one server's own figures decide.
void judge_alone(const scan::Server& server, Conditions& conditions) {
    const auto set = [&](Rule rule, bool holds) {
        conditions.holds[static_cast<std::size_t>(rule)] = holds;
    };
    const Limits& limits = conditions.limits;
    set(Rule::zombie, server.zombies() > 0);
    if (only_zombies(server)) return;
    set(Rule::orphan, server.orphan());
    set(Rule::over_age, over(server.usage.age, limits.max_age));
    set(Rule::over_cpu,
        server.usage.cpu && started_up(server) && over(*server.usage.cpu, limits.max_cpu));
    set(Rule::over_memory, over(server.usage.memory, limits.max_memory));
}

/// The rules that the servers beside it decide.
void judge_together(const std::vector<Candidate>& candidates, const scan::Snapshot& snapshot,
                    const Tracks& tracks, const Policy& policy, std::vector<Conditions>& all) {
    std::vector<std::optional<unsigned>> instances;
    instances.reserve(all.size());
    for (const Conditions& one : all) instances.push_back(one.limits.max_instances_per_type);
    const auto excess = excess_instances(candidates, policy.rule(Rule::duplicate).per, instances);
    const auto newer = newer_instances(candidates, all.size());
    for (const Candidate& candidate : candidates) {
        Conditions& conditions = all[candidate.index];
        conditions.excess = excess[candidate.index];
        conditions.holds[static_cast<std::size_t>(Rule::duplicate)] = conditions.excess.has_value();
        if (at_work(tracks, candidate.server->id, snapshot.monotonic)) continue;
        conditions.superseded_by = newer[candidate.index];
        conditions.holds[static_cast<std::size_t>(Rule::superseded)] =
            conditions.superseded_by.has_value();
    }
}

}  // namespace

bool only_zombies(const scan::Server& server) {
    return std::all_of(server.members.begin(), server.members.end(),
                       [](const scan::Member& member) { return member.zombie; });
}

bool started_up(const scan::Server& server) {
    return server.usage.age >= kStartUpGrace;
}

std::vector<Conditions> conditions_of(const scan::Snapshot& snapshot, const Tracks& tracks,
                                      const Policy& policy) {
    std::vector<Conditions> all(snapshot.servers.size());
    std::vector<Candidate> candidates;
    candidates.reserve(all.size());
    LimitsByType limits_of(policy);
    for (std::size_t i = 0; i < all.size(); ++i) {
        const scan::Server& server = snapshot.servers[i];
        all[i].limits = limits_of(server.type);
        all[i].idle = idle_time(tracks, server.id, snapshot.monotonic);
        if (server.suspected()) continue;
        judge_alone(server, all[i]);
        if (!only_zombies(server)) candidates.push_back({&server, all[i].idle, i});
    }
    judge_together(candidates, snapshot, tracks, policy, all);
    return all;
}

}  // namespace reaper::policy
