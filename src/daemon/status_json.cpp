#include <nlohmann/json.hpp>
#include <type_traits>

#include "daemon/status.h"
#include "report/humanize.h"
#include "report/json_values.h"
#include "report/moment.h"
#include "report/redact.h"

namespace reaper::daemon {
namespace {

// docs/control-api.md describes every key.

using nlohmann::json;
using report::Json;
using report::text;
using report::text_or_null;

Json moment(const std::optional<WallTime>& at) {
    return at ? Json(report::rfc3339(*at)) : Json(nullptr);
}

double in_ms(std::chrono::microseconds span) {
    return static_cast<double>(span.count()) / 1000;
}

Json policy_json(const PolicyStatus& policy) {
    Json out;
    out["name"] = text(policy.name);
    out["file"] = text_or_null(policy.file);
    out["checksum"] = text_or_null(policy.checksum);
    out["loaded_at"] = report::rfc3339(policy.loaded_at);
    out["refused"] = nullptr;
    if (policy.refused) {
        out["refused"] = {{"at", report::rfc3339(policy.refused->at)},
                          {"errors", report::texts(policy.refused->errors)}};
    }
    return out;
}

Json servers_json(const std::vector<ServerCount>& servers) {
    Json out;
    std::size_t total = 0;
    out["total"] = 0;
    out["by_status"] = Json::object();
    for (const policy::Status status : policy::kStatuses)
        out["by_status"][std::string(policy::to_string(status))] = 0;
    out["by_type"] = Json::object();
    for (const ServerCount& one : servers) {
        total += one.count;
        const std::string status(policy::to_string(one.status));
        out["by_status"][status] = out["by_status"][status].get<std::size_t>() + one.count;
        Json& of_type = out["by_type"][report::printable(one.type)];
        if (of_type.is_null()) of_type = Json::object();
        of_type[status] = of_type.value(status, std::size_t{0}) + one.count;
    }
    out["total"] = total;
    return out;
}

Json cost_json(const OwnCost& cost) {
    Json out;
    out["cpu_percent"] = cost.cpu ? Json(std::round(cost.cpu->value * 1000) / 1000) : Json(nullptr);
    out["pss_bytes"] = cost.pss.value == 0 ? Json(nullptr) : Json(cost.pss.value);
    out["rss_bytes"] = cost.resident.value;
    out["descriptors"] = cost.descriptors;
    out["tick_last_ms"] = in_ms(cost.tick_last);
    out["tick_max_ms"] = in_ms(cost.tick_max);
    out["ticks"] = cost.ticks;
    out["late_ticks"] = cost.late_ticks;
    out["interval_ms"] = cost.interval.count();
    out["interval_wanted_ms"] = cost.interval_wanted.count();
    return out;
}

/// One object, read leniently: what is not there, or not what it should be, keeps its default.
class Reader {
  public:
    explicit Reader(const json& object) : object_(object) {}

    [[nodiscard]] Reader in(const char* key) const {
        static const json kNothing = json::object();
        const auto found = find(key);
        return Reader(found != nullptr && found->is_object() ? *found : kNothing);
    }
    [[nodiscard]] bool has(const char* key) const { return find(key) != nullptr; }
    void read(const char* key, std::string& value) const {
        if (const json* const found = find(key); found != nullptr && found->is_string())
            value = found->get<std::string>();
    }
    void read(const char* key, bool& value) const {
        if (const json* const found = find(key); found != nullptr && found->is_boolean())
            value = found->get<bool>();
    }
    template <typename T>
    void read_number(const char* key, T& value) const {
        const json* const found = find(key);
        if (found == nullptr) return;
        const bool fits = std::is_integral_v<T> ? found->is_number_integer() : found->is_number();
        if (fits) value = found->get<T>();
    }
    void read(const char* key, WallTime& value) const {
        if (const auto at = when(key)) value = *at;
    }
    void read(const char* key, std::optional<WallTime>& value) const { value = when(key); }
    void read(const char* key, std::vector<std::string>& value) const {
        const json* const found = find(key);
        if (found == nullptr || !found->is_array()) return;
        for (const json& one : *found) {
            if (one.is_string()) value.push_back(one.get<std::string>());
        }
    }
    /// In the unit of `value`.
    template <typename Duration>
    void read_duration(const char* key, Duration& value) const {
        std::int64_t count = value.count();
        read_number(key, count);
        value = Duration(count);
    }
    /// With decimals.
    void read_ms(const char* key, std::chrono::microseconds& value) const {
        double ms = 0;
        read_number(key, ms);
        if (std::isfinite(ms) && std::abs(ms) < 1e12)
            value = std::chrono::microseconds(std::llround(ms * 1000));
    }
    [[nodiscard]] const json& raw() const { return object_; }

  private:
    [[nodiscard]] const json* find(const char* key) const {
        const auto found = object_.find(key);
        return found == object_.end() || found->is_null() ? nullptr : &*found;
    }
    [[nodiscard]] std::optional<WallTime> when(const char* key) const {
        const json* const found = find(key);
        if (found == nullptr || !found->is_string()) return std::nullopt;
        return report::moment_from(found->get_ref<const std::string&>());
    }

    const json& object_;
};

PolicyStatus read_policy(const Reader& from) {
    PolicyStatus policy;
    from.read("name", policy.name);
    from.read("file", policy.file);
    from.read("checksum", policy.checksum);
    from.read("loaded_at", policy.loaded_at);
    if (from.has("refused")) {
        policy.refused.emplace();
        from.in("refused").read("at", policy.refused->at);
        from.in("refused").read("errors", policy.refused->errors);
    }
    return policy;
}

std::vector<ServerCount> read_servers(const Reader& from) {
    std::vector<ServerCount> servers;
    for (const auto& [type, statuses] : from.in("by_type").raw().items()) {
        if (!statuses.is_object()) continue;
        for (const policy::Status status : policy::kStatuses) {
            ServerCount one{type, status, 0};
            Reader(statuses).read_number(std::string(policy::to_string(status)).c_str(), one.count);
            if (one.count > 0) servers.push_back(std::move(one));
        }
    }
    return servers;
}

OwnCost read_cost(const Reader& from) {
    OwnCost cost;
    if (from.has("cpu_percent")) {
        cost.cpu.emplace();
        from.read_number("cpu_percent", cost.cpu->value);
    }
    from.read_number("pss_bytes", cost.pss.value);
    from.read_number("rss_bytes", cost.resident.value);
    from.read_number("descriptors", cost.descriptors);
    from.read_ms("tick_last_ms", cost.tick_last);
    from.read_ms("tick_max_ms", cost.tick_max);
    from.read_number("ticks", cost.ticks);
    from.read_number("late_ticks", cost.late_ticks);
    from.read_duration("interval_ms", cost.interval);
    from.read_duration("interval_wanted_ms", cost.interval_wanted);
    return cost;
}

std::vector<BreakerStatus> read_breakers(const json& list) {
    std::vector<BreakerStatus> breakers;
    if (!list.is_array()) return breakers;
    for (const json& one : list) {
        if (!one.is_object()) continue;
        BreakerStatus breaker;
        Reader(one).read("type", breaker.type);
        Reader(one).read_duration("left_seconds", breaker.left);
        breakers.push_back(std::move(breaker));
    }
    return breakers;
}

void read_statistics(const Reader& from, Statistics& statistics) {
    from.read_number("cleanups_performed", statistics.cleanups_performed);
    from.read_number("health_checks_failed", statistics.health_checks_failed);
    from.read_number("resources_exceeded", statistics.resources_exceeded);
    from.read_number("duplicates_detected", statistics.duplicates_detected);
    from.read("last_cleanup", statistics.last_cleanup);
}

}  // namespace

std::string to_json(const Status& status) {
    Json out;
    out["schema"] = kStatusSchema;
    out["version"] = text(status.version);
    out["pid"] = status.pid;
    out["uid"] = status.uid;
    out["started_at"] = report::rfc3339(status.started_at);
    out["uptime_seconds"] = status.uptime.count();
    out["mode"] = status.mode == policy::Mode::observe ? "observe" : "enforce";
    out["health"] = {{"healthy", status.health.healthy},
                     {"reasons", report::texts(status.health.reasons)}};
    out["paused"] = status.paused_until.has_value();
    const bool ends = status.paused_until && *status.paused_until < kUntilResumed;
    out["paused_until"] = ends ? moment(status.paused_until) : Json(nullptr);
    out["policy"] = policy_json(status.policy);
    out["collector"] = {{"name", text(status.collector.name)},
                        {"why", text_or_null(status.collector.why)},
                        {"events", status.collector.events},
                        {"losses", status.collector.losses},
                        {"rescans", status.collector.rescans}};
    out["cages"] = text(status.cages);
    out["servers"] = servers_json(status.servers);
    out["held"] = status.held;
    out["statistics"] = {{"cleanups_performed", status.statistics.cleanups_performed},
                         {"health_checks_failed", status.statistics.health_checks_failed},
                         {"resources_exceeded", status.statistics.resources_exceeded},
                         {"duplicates_detected", status.statistics.duplicates_detected},
                         {"last_cleanup", moment(status.statistics.last_cleanup)}};
    out["pressure"] = {{"watched", status.pressure.watched},
                       {"why", text_or_null(status.pressure.why)},
                       {"active", status.pressure.active}};
    out["breakers"] = Json::array();
    for (const BreakerStatus& breaker : status.breakers)
        out["breakers"].push_back(
            {{"type", text(breaker.type)}, {"left_seconds", breaker.left.count()}});
    out["connections"] = status.connections;
    out["cost"] = cost_json(status.cost);
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

Result<Status> status_from_json(std::string_view body) {
    const json parsed = json::parse(body, nullptr, /*allow_exceptions=*/false);
    if (!parsed.is_object()) return fail("read the daemon's status", "", "it is not a JSON object");
    const Reader from(parsed);
    Status status;
    from.read("version", status.version);
    from.read_number("pid", status.pid);
    from.read_number("uid", status.uid);
    from.read("started_at", status.started_at);
    from.read_duration("uptime_seconds", status.uptime);
    std::string mode;
    from.read("mode", mode);
    if (mode == "observe") status.mode = policy::Mode::observe;
    from.in("health").read("healthy", status.health.healthy);
    from.in("health").read("reasons", status.health.reasons);
    bool paused = false;
    from.read("paused", paused);
    from.read("paused_until", status.paused_until);
    if (paused && !status.paused_until) status.paused_until = kUntilResumed;
    status.policy = read_policy(from.in("policy"));
    const Reader collector = from.in("collector");
    collector.read("name", status.collector.name);
    collector.read("why", status.collector.why);
    collector.read_number("events", status.collector.events);
    collector.read_number("losses", status.collector.losses);
    collector.read_number("rescans", status.collector.rescans);
    from.read("cages", status.cages);
    status.servers = read_servers(from.in("servers"));
    from.read_number("held", status.held);
    read_statistics(from.in("statistics"), status.statistics);
    from.in("pressure").read("watched", status.pressure.watched);
    from.in("pressure").read("why", status.pressure.why);
    from.in("pressure").read("active", status.pressure.active);
    status.breakers = read_breakers(parsed.value("breakers", json::array()));
    from.read_number("connections", status.connections);
    status.cost = read_cost(from.in("cost"));
    return status;
}

}  // namespace reaper::daemon
