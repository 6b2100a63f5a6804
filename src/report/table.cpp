#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "report/humanize.h"
#include "report/judged_servers.h"
#include "report/narrative.h"
#include "report/redact.h"
#include "report/scan_report.h"
#include "report/server_columns.h"
#include "report/text_writer.h"

namespace reaper::report {
namespace {

using policy::Status;

/// Up to this many lines every server has its own. Beyond, healthy ones of one type and client share
/// one: what is wrong must not drown.
constexpr std::size_t kLinesForEach = 40;
constexpr std::size_t kFewestToShare = 3;

/// Servers on one line of the table: one, or several healthy ones that are alike.
using Group = std::vector<JudgedServer>;

std::vector<Group> group(const std::vector<JudgedServer>& servers) {
    std::map<std::pair<std::string, std::string>, Group> alike;
    if (servers.size() > kLinesForEach) {
        for (const JudgedServer& one : servers) {
            if (one.verdict->status != Status::healthy || !one.verdict->findings.empty()) continue;
            alike[{one.server->type, client_cell(*one.server)}].push_back(one);
        }
    }
    std::vector<Group> groups;
    for (const JudgedServer& one : servers) {
        const auto found = one.verdict->status == Status::healthy && one.verdict->findings.empty()
                               ? alike.find({one.server->type, client_cell(*one.server)})
                               : alike.end();
        if (found == alike.end() || found->second.size() < kFewestToShare) {
            groups.push_back({one});
        } else if (found->second.front().server == one.server) {
            groups.push_back(found->second);
        }
    }
    return groups;
}

Row row_of(const Group& group, bool utf8) {
    const scan::Server& first = *group.front().server;
    std::chrono::seconds oldest{0};
    std::optional<CpuPercent> cpu;
    Bytes memory;
    std::size_t processes = 0;
    bool complete = true;
    for (const JudgedServer& one : group) {
        const scan::Usage& usage = one.server->usage;
        oldest = std::max(oldest, usage.age);
        if (usage.cpu) cpu = CpuPercent{usage.cpu->value + (cpu ? cpu->value : 0)};
        memory += usage.memory;
        processes += usage.processes;
        complete = complete && usage.memory_is_complete;
    }
    Row row;
    row.status = group.front().verdict->status;
    row[Column::type] = printable(first.type, 120);
    if (group.size() > 1) row[Column::type] += fmt::format(" {}{}", utf8 ? "×" : "x", group.size());
    row[Column::status] = policy::to_string(row.status);
    row[Column::client] = client_cell(first);
    row[Column::age] = short_duration(oldest);
    row[Column::cpu] = human_cpu(cpu);
    row[Column::memory] = human_bytes(memory) + (complete ? "" : "?");
    row[Column::processes] = std::to_string(processes);
    row[Column::pid] = group.size() > 1 ? "-" : std::to_string(first.id.pid);
    return row;
}

std::string no_servers(const scan::Snapshot& snapshot, const ScanContext& context,
                       const TableOptions& options) {
    TextWriter out(options);
    out.line(fmt::format("No MCP servers among the {} of this host. Nothing to do.",
                         counted(snapshot.processes, "process", "processes")),
             0, 0);
    if (!snapshot.viewer.sees_everything) {
        out.line(
            "Other users' processes show little of themselves to you; run with sudo to see everything.",
            0, 0);
    }
    out.line("Policy: " + printable(context.policy), 0, 0);
    return out.take();
}

}  // namespace

std::string to_table(const scan::Snapshot& snapshot, const policy::Plan& plan,
                     const ScanContext& context, const TableOptions& options) {
    if (snapshot.servers.empty()) return no_servers(snapshot, context, options);
    std::vector<JudgedServer> servers = judged(snapshot, plan);
    sort_worst_first(servers);
    const std::vector<Group> groups = group(servers);
    std::vector<Row> rows;
    rows.reserve(groups.size());
    for (const Group& one : groups) rows.push_back(row_of(one, options.utf8));

    TextWriter out(options);
    out.raw(lay_out(rows, options));
    tell_plan(servers, plan, context, out);
    tell_findings(servers, out);
    tell_warnings(servers, out);
    tell_totals(servers, snapshot, context, groups.size() < servers.size(), out);
    return out.take();
}

}  // namespace reaper::report
