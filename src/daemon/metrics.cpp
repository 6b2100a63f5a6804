#include "daemon/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <string_view>

#include "report/redact.h"

namespace reaper::daemon {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

constexpr const char* kOther = "other";
constexpr std::size_t kLongestLabel = 100;

double seconds(WallTime moment) {
    return std::chrono::duration<double>(moment.time_since_epoch()).count();
}

template <typename T>
double number(T value) {
    return static_cast<double>(value);
}

std::string label(std::string_view text) {
    return report::printable(text, kLongestLabel);
}

/// Families in the order in which they were begun.
class Families {
  public:
    MetricFamily& begin(const char* name, const char* help, MetricType type) {
        families_.push_back({name, help, type, {}});
        return families_.back();
    }
    void gauge(const char* name, const char* help, double value) {
        add_gauge(begin(name, help, MetricType::Gauge), {}, value);
    }
    void counter(const char* name, const char* help, double value) {
        add_counter(begin(name, help, MetricType::Counter), {}, value);
    }
    static void add_gauge(MetricFamily& family, Labels labels, double value) {
        ClientMetric metric;
        metric.label = std::move(labels);
        metric.gauge.value = value;
        family.metric.push_back(std::move(metric));
    }
    static void add_counter(MetricFamily& family, Labels labels, double value) {
        ClientMetric metric;
        metric.label = std::move(labels);
        metric.counter.value = value;
        family.metric.push_back(std::move(metric));
    }
    [[nodiscard]] const std::vector<MetricFamily>& all() const { return families_; }

  private:
    std::vector<MetricFamily> families_;
};

/// The types that keep their name: those with most servers.
std::map<std::string, std::string> labels_of(const std::vector<ServerCount>& servers) {
    std::map<std::string, std::size_t> totals;
    for (const ServerCount& one : servers) totals[label(one.type)] += one.count;
    std::vector<std::pair<std::string, std::size_t>> ordered(totals.begin(), totals.end());
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::map<std::string, std::string> labels;
    for (std::size_t i = 0; i < ordered.size(); ++i) {
        labels[ordered[i].first] = i < kMostTypeLabels ? ordered[i].first : kOther;
    }
    return labels;
}

std::string label_of(const std::map<std::string, std::string>& labels, const std::string& type) {
    const auto found = labels.find(label(type));
    return found == labels.end() ? kOther : found->second;
}

void add_servers(Families& families, const Figures& figures) {
    const auto labels = labels_of(figures.status.servers);
    std::map<std::pair<std::string, policy::Status>, std::size_t> counts;
    for (const ServerCount& one : figures.status.servers) {
        counts[{label_of(labels, one.type), one.status}] += one.count;
    }
    auto& servers = families.begin("mcp_reaper_servers", "MCP servers on this host, by type and status.",
                                   MetricType::Gauge);
    for (const auto& [key, count] : counts) {
        Families::add_gauge(
            servers, {{"type", key.first}, {"status", std::string(policy::to_string(key.second))}},
            number(count));
    }
    std::map<std::string, TypeUsage> usage;
    for (const TypeUsage& one : figures.usage) {
        TypeUsage& sum = usage[label_of(labels, one.type)];
        sum.memory += one.memory;
        sum.cpu += one.cpu;
    }
    auto& memory =
        families.begin("mcp_reaper_server_memory_bytes",
                       "Anonymous and swapped memory of the servers of a type.", MetricType::Gauge);
    for (const auto& [type, sum] : usage)
        Families::add_gauge(memory, {{"type", type}}, number(sum.memory.value));
    auto& cpu = families.begin(
        "mcp_reaper_server_cpu_cores",
        "CPU that the servers of a type use, in cores, over the last look's window.", MetricType::Gauge);
    for (const auto& [type, sum] : usage)
        Families::add_gauge(cpu, {{"type", type}}, sum.cpu.value / 100);
    auto& findings =
        families.begin("mcp_reaper_findings", "Servers that break a rule now.", MetricType::Gauge);
    for (const policy::Rule rule : policy::kRules) {
        const auto found = figures.findings.find(rule);
        Families::add_gauge(findings, {{"rule", std::string(policy::to_string(rule))}},
                            found == figures.findings.end() ? 0 : number(found->second));
    }
}

void add_actions(Families& families, const Figures& figures) {
    auto& actions = families.begin("mcp_reaper_actions_total", "Actions, by deed and what they came to.",
                                   MetricType::Counter);
    for (const auto& [key, count] : figures.actions) {
        Families::add_counter(actions,
                              {{"deed", std::string(enforce::to_string(key.first))},
                               {"effect", std::string(enforce::to_string(key.second))}},
                              number(count));
    }
    auto& ended =
        families.begin("mcp_reaper_servers_ended_total",
                       "Servers that were ended, whole and verified, by type.", MetricType::Counter);
    for (const auto& [type, count] : figures.ended.all())
        Families::add_counter(ended, {{"type", type}}, number(count));
    const Statistics& statistics = figures.status.statistics;
    families.counter("mcp_reaper_cleanups_total", "Passes in which something was done.",
                     number(statistics.cleanups_performed));
    families.counter("mcp_reaper_health_checks_failed_total",
                     "Health requests to standalone servers that failed.",
                     number(statistics.health_checks_failed));
    families.counter("mcp_reaper_limits_exceeded_total", "Findings of a CPU, memory or age limit.",
                     number(statistics.resources_exceeded));
    families.counter("mcp_reaper_duplicates_total", "Findings of duplicates.",
                     number(statistics.duplicates_detected));
    families.gauge("mcp_reaper_servers_held", "Servers that are frozen or throttled now.",
                   number(figures.status.held));
    families.gauge("mcp_reaper_breakers_open",
                   "Types whose servers are not ended for now, because they come back at once.",
                   number(figures.status.breakers.size()));
}

void add_ticks(Families& families, const Figures& figures) {
    auto& ticks =
        families.begin("mcp_reaper_tick_duration_seconds",
                       "How long a look at the host took, with its judgement.", MetricType::Histogram);
    ClientMetric metric;
    metric.histogram.sample_count = figures.ticks.count;
    metric.histogram.sample_sum = std::chrono::duration<double>(figures.ticks.sum).count();
    for (std::size_t i = 0; i < TickDurations::kBounds.size(); ++i)
        metric.histogram.bucket.push_back({figures.ticks.at_most.at(i), TickDurations::kBounds.at(i)});
    ticks.metric.push_back(std::move(metric));
    const OwnCost& cost = figures.status.cost;
    families.counter("mcp_reaper_ticks_late_total", "Looks that began late.", number(cost.late_ticks));
    families.gauge("mcp_reaper_tick_interval_seconds",
                   "Time between looks; longer than the policy's where it is stretched.",
                   std::chrono::duration<double>(cost.interval).count());
    const CollectorStatus& collector = figures.status.collector;
    families.counter("mcp_reaper_collector_events_total", "Process events that the kernel sent.",
                     number(collector.events));
    families.counter("mcp_reaper_collector_losses_total",
                     "Times that process events were lost and everything was read again.",
                     number(collector.losses));
    families.counter("mcp_reaper_collector_rescans_total", "Times that everything was read again.",
                     number(collector.rescans));
}

void add_state(Families& families, const Figures& figures, const ControlFigures& control) {
    const Status& status = figures.status;
    families.gauge("mcp_reaper_healthy", "1 where /health says healthy.", status.health.healthy ? 1 : 0);
    families.gauge("mcp_reaper_paused", "1 while nothing is done by itself.",
                   status.paused_until ? 1 : 0);
    families.gauge("mcp_reaper_pressure", "1 while the limits for memory pressure are in force.",
                   status.pressure.active ? 1 : 0);
    families.gauge("mcp_reaper_policy_last_reload_successful",
                   "0 where the last edit of the policy was refused.", status.policy.refused ? 0 : 1);
    families.gauge("mcp_reaper_policy_last_reload_success_timestamp_seconds",
                   "When the policy in force was loaded.", seconds(status.policy.loaded_at));
    families.counter("mcp_reaper_policy_reloads_total", "Policies that came into force.",
                     number(figures.policy_reloads));
    families.counter("mcp_reaper_policy_refusals_total", "Edits of the policy that were refused.",
                     number(figures.policy_refusals));
    families.gauge("mcp_reaper_control_connections", "Connections to the control socket.",
                   number(control.connections));
    families.counter("mcp_reaper_control_requests_total", "Requests that were answered.",
                     number(control.requests));
    families.counter("mcp_reaper_control_refused_total",
                     "Requests and connections that were refused, over a bound or not allowed.",
                     number(control.refused));
    families.counter("mcp_reaper_control_dropped_total",
                     "Connections that were dropped: too slow, too long, or no HTTP.",
                     number(control.dropped));
}

void add_process(Families& families, const OwnProcess& process) {
    families.counter("process_cpu_seconds_total", "CPU time of the daemon itself.",
                     std::chrono::duration<double>(process.cpu).count());
    families.gauge("process_resident_memory_bytes", "Resident memory of the daemon itself.",
                   number(process.resident.value));
    families.gauge("process_virtual_memory_bytes", "Virtual memory of the daemon itself.",
                   number(process.virtual_memory.value));
    families.gauge("process_open_fds", "Open descriptors of the daemon itself.",
                   number(process.descriptors));
    families.gauge("process_max_fds", "Most open descriptors that it may have.",
                   number(process.most_descriptors));
    families.gauge("process_start_time_seconds", "When the daemon was started, in Unix time.",
                   seconds(process.started_at));
}

}  // namespace

void TickDurations::add(std::chrono::microseconds took) {
    const double span = std::chrono::duration<double>(took).count();
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
        if (span <= kBounds.at(i)) ++at_most.at(i);
    }
    ++count;
    sum += took;
}

void CountsByType::add(const std::string& type) {
    const std::string name = label(type);
    if (const auto found = counts_.find(name); found != counts_.end()) {
        ++found->second;
    } else {
        ++counts_[counts_.size() < kMostTypeLabels ? name : kOther];
    }
}

std::string to_prometheus(const Figures& figures, const ControlFigures& control) {
    Families families;
    Families::add_gauge(families.begin("mcp_reaper_build_info", "Always 1; the version is in its label.",
                                       MetricType::Gauge),
                        {{"version", label(figures.status.version)}}, 1);
    add_servers(families, figures);
    add_actions(families, figures);
    add_ticks(families, figures);
    add_state(families, figures, control);
    add_process(families, figures.process);
    return prometheus::TextSerializer().Serialize(families.all());
}

}  // namespace reaper::daemon
