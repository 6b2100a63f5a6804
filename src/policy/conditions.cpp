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

/// The limits that hold at any time, or those while memory is short.
using LimitsFor = Limits (Policy::*)(const std::string&) const;

/// Limits by type, worked out once a type: 10,000 servers are of a few types.
class LimitsByType {
  public:
    LimitsByType(const Policy& policy, LimitsFor limits_for)
        : policy_(policy), limits_for_(limits_for) {}

    const Limits& operator()(const std::string& type) {
        const auto found = known_.find(type);
        if (found != known_.end()) return found->second;
        return known_.emplace(type, (policy_.*limits_for_)(type)).first->second;
    }

  private:
    const Policy& policy_;
    LimitsFor limits_for_;
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
    set(Rule::unresponsive, server.unresponsive && server.standalone.value_or(false));
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

std::vector<Conditions> conditions_by(LimitsFor limits_for, const scan::Snapshot& snapshot,
                                      const Tracks& tracks, const Policy& policy) {
    std::vector<Conditions> all(snapshot.servers.size());
    std::vector<Candidate> candidates;
    candidates.reserve(all.size());
    LimitsByType limits_of(policy, limits_for);
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

/// Whether a limit that breaks `rule` is pressure's own, and not the stricter one that always holds.
bool is_pressures(Rule rule, const Limits& in_force, const Limits& pressure) {
    const auto own = [](const auto& limit, const auto& of_pressure) {
        return of_pressure && limit == of_pressure;
    };
    switch (rule) {
        case Rule::duplicate:
            return own(in_force.max_instances_per_type, pressure.max_instances_per_type);
        case Rule::over_age:
            return own(in_force.max_age, pressure.max_age);
        case Rule::over_cpu:
            return own(in_force.max_cpu, pressure.max_cpu);
        case Rule::over_memory:
            return own(in_force.max_memory, pressure.max_memory);
        default:
            return false;
    }
}

/// Adds what pressure's limits say of a server to what is so at any time.
void add_pressure(Conditions& conditions, const Conditions& strict, const Policy& policy) {
    conditions.pressed_limits = strict.limits;
    for (const Rule rule : kRules) {
        const auto at = static_cast<std::size_t>(rule);
        if (!strict.holds[at] || !is_pressures(rule, strict.limits, policy.pressure.limits)) continue;
        const bool allows_more =
            policy.rule(rule).spare == Spare::in_use && policy.pressure.spare == Spare::nothing;
        conditions.pressed[at] = !conditions.holds[at] || allows_more;
        if (rule == Rule::duplicate && conditions.pressed[at]) conditions.excess = strict.excess;
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

bool under_pressure(const Policy& policy, const Circumstances& circumstances) {
    return circumstances.memory_pressure && policy.pressure.enabled;
}

std::vector<Conditions> conditions_of(const scan::Snapshot& snapshot, const Tracks& tracks,
                                      const Policy& policy, const Circumstances& circumstances) {
    std::vector<Conditions> all = conditions_by(&Policy::limits_for, snapshot, tracks, policy);
    if (!under_pressure(policy, circumstances)) return all;
    const auto strict = conditions_by(&Policy::pressed_limits_for, snapshot, tracks, policy);
    for (std::size_t i = 0; i < all.size(); ++i) add_pressure(all[i], strict[i], policy);
    return all;
}

}  // namespace reaper::policy
