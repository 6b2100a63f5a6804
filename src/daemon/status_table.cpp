#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "daemon/status.h"
#include "policy/wording.h"
#include "report/humanize.h"
#include "report/moment.h"
#include "report/redact.h"
#include "report/table_layout.h"
#include "report/text_writer.h"

namespace reaper::daemon {
namespace {

using report::Style;

std::chrono::seconds since(WallTime then, WallTime now) {
    return std::chrono::duration_cast<std::chrono::seconds>(std::max(now - then, WallTime::duration(0)));
}

std::string ago(WallTime then, WallTime now) {
    return report::short_duration(since(then, now)) + " ago";
}

std::string headline(const Status& status) {
    std::string text =
        fmt::format("mcp-reaper {} has been running for {} (pid {}, ", report::printable(status.version),
                    report::short_duration(status.uptime), status.pid);
    text += status.uid == 0 ? "root's: it governs all users' servers)"
                            : fmt::format("uid {}'s: it governs this user's servers)", status.uid);
    return text;
}

void tell_health(const Status& status, report::TextWriter& out) {
    const bool colour = out.options().colour;
    if (status.health.healthy) {
        out.raw(report::styled("healthy", Style::green, colour) + '\n');
        return;
    }
    out.raw(report::styled("unhealthy", Style::bold_red, colour) + '\n');
    for (const std::string& reason : status.health.reasons) out.line(report::printable(reason), 2);
}

std::string mode_text(const Status& status, WallTime now) {
    std::string text =
        status.mode == policy::Mode::observe ? "observe: nothing is done by itself" : "enforce";
    if (!status.paused_until) return text;
    if (*status.paused_until >= kUntilResumed) return text + ", paused until mcp-reaper resume";
    return text + ", paused for " + policy::in_words(since(now, *status.paused_until)) + " more";
}

void tell_policy(const PolicyStatus& policy, WallTime now, report::TextWriter& out) {
    std::string text =
        report::printable(policy.name) + ", in force since " + report::local_time(policy.loaded_at);
    constexpr std::size_t kEnough = 12;
    if (!policy.checksum.empty())
        text += " (" + report::printable(policy.checksum).substr(0, kEnough) + ")";
    out.field("policy", text);
    if (!policy.refused) return;
    out.field("", "its last edit was refused " + ago(policy.refused->at, now) +
                      "; the one before is still in force:");
    for (const std::string& error : policy.refused->errors) out.field("", report::printable(error));
}

std::string collector_text(const CollectorStatus& collector) {
    std::string text = report::printable(collector.name);
    if (!collector.why.empty()) text += ": " + report::printable(collector.why);
    if (collector.losses > 0) {
        text += fmt::format("; events were lost {}, and all was read again",
                            collector.losses == 1 ? "once" : fmt::format("{} times", collector.losses));
    }
    return text;
}

std::string pressure_text(const PressureStatus& pressure) {
    if (pressure.active) return "memory is short: the limits for pressure are in force";
    if (pressure.watched) return "none";
    return pressure.why.empty() ? "not watched" : "not watched: " + report::printable(pressure.why);
}

std::string cost_text(const OwnCost& cost) {
    std::string text = cost.cpu ? fmt::format("{:.2f}% CPU over a minute, ", cost.cpu->value) : "";
    text += cost.pss.value > 0 ? report::human_bytes(cost.pss) + " (PSS), "
                               : report::human_bytes(cost.resident) + " (RSS), ";
    text += report::counted(cost.descriptors, "descriptor", "descriptors");
    return text;
}

std::string looks_text(const OwnCost& cost) {
    const auto ms = [](std::chrono::microseconds span) {
        return fmt::format("{:.1f} ms", static_cast<double>(span.count()) / 1000);
    };
    std::string text = fmt::format("every {:g} s", std::chrono::duration<double>(cost.interval).count());
    if (cost.interval > cost.interval_wanted) {
        text += fmt::format(" instead of {:g} s, because they take so long",
                            std::chrono::duration<double>(cost.interval_wanted).count());
    }
    text += fmt::format("; the last took {}, the longest {}", ms(cost.tick_last), ms(cost.tick_max));
    if (cost.late_ticks > 0) text += fmt::format("; {} of {} were late", cost.late_ticks, cost.ticks);
    return text;
}

std::string done_text(const Statistics& statistics, WallTime now) {
    std::string text = report::counted(statistics.cleanups_performed, "cleanup", "cleanups");
    if (statistics.last_cleanup) text += ", the last " + ago(*statistics.last_cleanup, now);
    text += fmt::format(
        "; {}, {}, {}",
        report::counted(statistics.resources_exceeded, "limit exceeded", "limits exceeded"),
        report::counted(statistics.duplicates_detected, "duplicate", "duplicates"),
        report::counted(statistics.health_checks_failed, "health check failed", "health checks failed"));
    return text;
}

void tell_breakers(const std::vector<BreakerStatus>& breakers, report::TextWriter& out) {
    for (const BreakerStatus& breaker : breakers) {
        out.field("breaker", report::printable(breaker.type) +
                                 " comes back as soon as it is ended: left alone for " +
                                 policy::in_words(breaker.left));
    }
}

Style style_of(policy::Status status) {
    switch (status) {
        case policy::Status::zombie:
        case policy::Status::orphan:
        case policy::Status::unhealthy:
            return Style::red;
        case policy::Status::duplicate:
        case policy::Status::degraded:
        case policy::Status::suspected:
            return Style::yellow;
        case policy::Status::healthy:
            break;
    }
    return Style::green;
}

void tell_servers(const std::vector<ServerCount>& servers, report::TextWriter& out) {
    out.blank();
    if (servers.empty()) {
        out.line("No MCP server runs.", 0, 0);
        return;
    }
    std::map<std::string, std::map<policy::Status, std::size_t>> types;
    for (const ServerCount& one : servers) types[report::printable(one.type)][one.status] += one.count;
    std::vector<report::TableRow> rows;
    std::size_t all = 0;
    for (const auto& [type, statuses] : types) {
        std::size_t count = 0;
        std::string text;
        for (const auto& [status, some] : statuses) {
            count += some;
            text += fmt::format("{}{} {}", text.empty() ? "" : ", ", some, policy::to_string(status));
        }
        all += count;
        rows.push_back({{type, std::to_string(count), text}, 2, style_of(statuses.begin()->first)});
    }
    const std::vector<report::TableColumn> columns = {{"TYPE", report::Align::left, 16, 6, 0},
                                                      {"SERVERS", report::Align::right, 0, 0, 1},
                                                      {"STATUS", report::Align::left, 24, 8, 0}};
    for (const std::string& line : report::lay_out(columns, rows, out.options())) out.raw(line);
    out.blank();
    out.line(report::counted(all, "server", "servers") + " of " +
                 report::counted(types.size(), "type", "types") + ".",
             0, 0);
}

}  // namespace

std::string to_table(const Status& status, const report::TableOptions& options, WallTime now) {
    report::TextWriter out(options);
    out.line(headline(status), 0, 0);
    tell_health(status, out);
    out.blank();
    out.field("mode", mode_text(status, now));
    tell_policy(status.policy, now, out);
    out.field("processes", collector_text(status.collector));
    out.field("cages", report::printable(status.cages) +
                           (status.held == 0 ? ""
                                             : "; " + report::counted(status.held, "server", "servers") +
                                                   " frozen or throttled"));
    out.field("pressure", pressure_text(status.pressure));
    out.field("done", done_text(status.statistics, now));
    tell_breakers(status.breakers, out);
    out.field("looks", looks_text(status.cost));
    out.field("cost", cost_text(status.cost));
    tell_servers(status.servers, out);
    return out.take();
}

}  // namespace reaper::daemon
