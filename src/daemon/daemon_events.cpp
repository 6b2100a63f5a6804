#include "daemon/daemon_events.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/server_events.h"
#include "report/humanize.h"

namespace reaper::daemon {
namespace {

using report::Event;
using report::EventKind;
using Json = nlohmann::ordered_json;

constexpr std::size_t kMostErrors = 10;

Event about_the_daemon(EventKind kind, std::string message) {
    Event event;
    event.kind = kind;
    event.message = std::move(message);
    return event;
}

}  // namespace

Event daemon_started(const Start& start) {
    Event event = about_the_daemon(
        EventKind::daemon_started,
        fmt::format("mcp-reaper {} has started: policy {}, mode {}, {} there", harmless(start.version),
                    harmless(start.policy), harmless(start.mode),
                    report::counted(start.servers, "server is", "servers are")));
    event.detail["version"] = harmless(start.version);
    event.detail["policy"] = harmless(start.policy);
    event.detail["mode"] = harmless(start.mode);
    event.detail["collector"] = harmless(start.collector);
    event.detail["cages"] = harmless(start.cages);
    event.detail["servers"] = start.servers;
    return event;
}

Event daemon_stopping(std::string_view why) {
    Event event =
        about_the_daemon(EventKind::daemon_stopping, fmt::format("mcp-reaper ends: {}", harmless(why)));
    event.detail["why"] = harmless(why);
    return event;
}

Event policy_reloaded(std::string_view policy, std::string_view checksum) {
    Event event = about_the_daemon(EventKind::policy_reloaded,
                                   fmt::format("the policy {} is in force", harmless(policy)));
    event.detail["policy"] = harmless(policy);
    event.detail["checksum"] = harmless(checksum);
    return event;
}

Event policy_refused(std::string_view policy, const std::vector<std::string>& errors) {
    const std::string first = errors.empty() ? "it cannot be read" : harmless(errors.front());
    std::string message =
        fmt::format("the policy {} is refused, the last good one stays: {}", harmless(policy), first);
    if (errors.size() > 1) message += fmt::format(" (and {} more)", errors.size() - 1);
    Event event = about_the_daemon(EventKind::policy_refused, std::move(message));
    event.detail["policy"] = harmless(policy);
    event.detail["errors"] = Json::array();
    for (std::size_t i = 0; i < std::min(errors.size(), kMostErrors); ++i) {
        event.detail["errors"].push_back(harmless(errors[i]));
    }
    event.detail["errors_count"] = errors.size();
    return event;
}

Event paused(std::optional<std::chrono::seconds> span) {
    const std::string until =
        span ? "for " + report::short_duration(*span) : std::string("until it is resumed");
    Event event = about_the_daemon(EventKind::paused, "nothing is done by itself " + until);
    event.detail["seconds"] = span ? Json(span->count()) : Json(nullptr);
    return event;
}

Event resumed(std::string_view why) {
    Event event = about_the_daemon(EventKind::resumed,
                                   fmt::format("the policy is carried out again: {}", harmless(why)));
    event.detail["why"] = harmless(why);
    return event;
}

Event breaker_opened(std::string_view type, std::chrono::seconds pause) {
    Event event = about_the_daemon(
        EventKind::breaker_opened,
        fmt::format("servers of type {} come back at once: none of them is ended for {}", harmless(type),
                    report::short_duration(pause)));
    event.type = harmless(type);
    event.detail["pause_seconds"] = pause.count();
    return event;
}

Event breaker_closed(std::string_view type) {
    Event event = about_the_daemon(EventKind::breaker_closed,
                                   fmt::format("servers of type {} are ended again", harmless(type)));
    event.type = harmless(type);
    return event;
}

Event pressure(bool active, std::optional<double> stall_percent) {
    Event event = about_the_daemon(EventKind::pressure,
                                   active ? "memory is short: the policy's limits for that are in force"
                                          : "memory is not short any more");
    event.detail["active"] = active;
    event.detail["stall_percent"] = stall_percent ? Json(*stall_percent) : Json(nullptr);
    return event;
}

Event collector_changed(std::string_view collector, std::string_view why) {
    std::string message = fmt::format("processes are read by {} now", harmless(collector));
    if (!why.empty()) message += ": " + harmless(why);
    Event event = about_the_daemon(EventKind::collector_changed, std::move(message));
    event.detail["collector"] = harmless(collector);
    event.detail["why"] = harmless_or_null(why);
    return event;
}

Event late(std::chrono::microseconds tick, std::chrono::milliseconds interval,
           std::chrono::milliseconds wanted) {
    std::string message =
        interval > wanted
            ? fmt::format(
                  "it cannot keep up: a tick took {} ms, the interval is {} ms for now instead of {} ms",
                  tick.count() / 1000, interval.count(), wanted.count())
            : fmt::format("it keeps up again: the interval is {} ms", interval.count());
    Event event = about_the_daemon(EventKind::late, std::move(message));
    event.detail["tick_us"] = tick.count();
    event.detail["interval_ms"] = interval.count();
    event.detail["wanted_ms"] = wanted.count();
    return event;
}

Event look_trouble(std::string_view why) {
    Event event = about_the_daemon(EventKind::look_trouble,
                                   why.empty() ? "the host can be looked at again"
                                               : fmt::format("the host cannot be looked at, and nobody "
                                                             "be ended: {}",
                                                             harmless(why)));
    event.detail["active"] = !why.empty();
    event.detail["why"] = harmless(why);
    return event;
}

Event history_trouble(std::string_view why) {
    Event event = about_the_daemon(EventKind::history_trouble, harmless(why));
    event.detail["why"] = harmless(why);
    return event;
}

Event health_check_failed(const scan::Server& server, WallTime at, unsigned failures,
                          std::string_view why) {
    Event event =
        server_event(EventKind::health_check_failed, server, at,
                     fmt::format(" does not answer ({} in a row): {}",
                                 report::counted(failures, "failure", "failures"), harmless(why)));
    event.detail["failures"] = failures;
    event.detail["why"] = harmless(why);
    return event;
}

Event health_check_recovered(const scan::Server& server, WallTime at) {
    return server_event(EventKind::health_check_recovered, server, at, " answers again");
}

}  // namespace reaper::daemon
