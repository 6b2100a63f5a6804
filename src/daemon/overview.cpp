#include "daemon/overview.h"

#include <unistd.h>

#include <map>
#include <utility>

namespace reaper::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<ServerCount> count_servers(const Look& look) {
    std::map<std::pair<std::string, policy::Status>, std::size_t> counts;
    for (std::size_t i = 0; i < look.snapshot.servers.size(); ++i) {
        ++counts[{look.snapshot.servers[i].type, look.plan.verdicts[i].status}];
    }
    std::vector<ServerCount> servers;
    servers.reserve(counts.size());
    for (const auto& [key, count] : counts) servers.push_back({key.first, key.second, count});
    return servers;
}

std::vector<TypeUsage> usage_by_type(const Look& look) {
    std::map<std::string, TypeUsage> usage;
    for (const scan::Server& server : look.snapshot.servers) {
        TypeUsage& type = usage[server.type];
        type.type = server.type;
        ++type.servers;
        type.memory += server.usage.memory;
        type.cpu += server.usage.cpu.value_or(CpuPercent{});
    }
    std::vector<TypeUsage> all;
    all.reserve(usage.size());
    for (auto& [name, type] : usage) all.push_back(std::move(type));
    return all;
}

std::map<policy::Rule, std::size_t> count_findings(const Look& look) {
    std::map<policy::Rule, std::size_t> findings;
    for (const policy::Verdict& verdict : look.plan.verdicts) {
        for (const policy::Finding& finding : verdict.findings) {
            if (finding.pending.count() == 0) ++findings[finding.rule];
        }
    }
    return findings;
}

std::vector<BreakerStatus> open_breakers(const enforce::BudgetState& budget, BootTime now) {
    std::vector<BreakerStatus> open;
    for (const auto& [type, breaker] : budget.breakers) {
        if (breaker.open_until <= now) continue;
        open.push_back({type, std::chrono::ceil<seconds>(breaker.open_until - now)});
    }
    return open;
}

/// As people read it: when it was taken, plus what is left on the clock since boot.
std::optional<WallTime> paused_until(const Pause& pause, const scan::Snapshot& now) {
    if (!pause.in_force(now.since_boot)) return std::nullopt;
    const auto until = pause.until();
    if (!until) return kUntilResumed;
    return now.taken_at + (*until - now.since_boot);
}

OwnCost own_cost(const Overview& of) {
    const OwnProcess process = read_own_process();
    OwnCost cost;
    cost.cpu = of.cost.cpu();
    cost.pss = own_proportional_memory();
    cost.resident = process.resident;
    cost.descriptors = static_cast<unsigned>(process.descriptors);
    cost.tick_last = of.watcher.last_took();
    cost.tick_max = of.watcher.longest_took();
    cost.ticks = of.watcher.durations().count;
    cost.late_ticks = of.watcher.pacing().late();
    cost.interval = of.watcher.pacing().interval();
    cost.interval_wanted = of.watcher.pacing().wanted();
    return cost;
}

}  // namespace

void DoneSoFar::add(const report::Done& done) {
    ++actions[{done.order.deed, done.outcome.effect}];
    const bool gone =
        done.outcome.effect == enforce::Effect::ended || done.outcome.effect == enforce::Effect::killed;
    if (gone) ended.add(done.order.server.type);
}

Status status_of(const Overview& of) {
    const Look& look = of.watcher.governor().now();
    Status status;
    status.version = of.version;
    status.pid = ::getpid();
    status.uid = ::geteuid();
    status.started_at = of.started_at;
    status.uptime = of.uptime;
    status.mode = of.keeper.policy()->loaded.policy.mode;
    status.policy = of.keeper.status();
    status.collector = of.watcher.collector();
    status.cages = of.cages;
    status.paused_until = paused_until(of.enforcement.pause(), look.snapshot);
    status.health = of.health;
    status.servers = count_servers(look);
    status.held = of.enforcement.held().size();
    status.statistics = of.events.statistics();
    status.pressure = of.pressure;
    status.breakers = open_breakers(of.enforcement.budget(), look.snapshot.since_boot);
    status.cost = own_cost(of);
    status.connections = of.connections;
    return status;
}

Figures figures_of(const Overview& of) {
    const Look& look = of.watcher.governor().now();
    Figures figures;
    figures.status = status_of(of);
    figures.usage = usage_by_type(look);
    figures.findings = count_findings(look);
    figures.actions = of.done.actions;
    figures.ended = of.done.ended;
    figures.ticks = of.watcher.durations();
    figures.policy_reloads = of.done.policy_reloads;
    figures.policy_refusals = of.done.policy_refusals;
    figures.process = read_own_process();
    figures.process.started_at = of.started_at;
    return figures;
}

}  // namespace reaper::daemon
