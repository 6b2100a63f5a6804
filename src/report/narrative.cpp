#include "report/narrative.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "policy/wording.h"
#include "report/humanize.h"
#include "report/redact.h"

namespace reaper::report {
namespace {

using policy::Action;
using policy::Finding;
using policy::PlannedAction;
using policy::Rule;
using policy::Status;
using std::chrono::seconds;

using Servers = std::map<ProcessId, JudgedServer>;

Servers by_id(const std::vector<JudgedServer>& servers) {
    Servers map;
    for (const JudgedServer& one : servers) map.emplace(one.server->id, one);
    return map;
}

/// ", then terminate in 25 min": what a rule does about a server after what is planned now.
std::string then(const PlannedAction& planned, Rule rule, const policy::Verdict& verdict) {
    for (const Finding& finding : verdict.findings) {
        if (finding.rule == rule && finding.next && finding.next->action > planned.action) {
            return ", " + policy::in_words(*finding.next);
        }
    }
    return "";
}

std::string size_of(const scan::Server& server) {
    return fmt::format("{}, {}", counted(server.usage.processes, "process", "processes"),
                       human_bytes(server.usage.memory));
}

void tell_action(const PlannedAction& planned, const Servers& servers, TextWriter& out) {
    const auto found = servers.find(planned.server);
    const std::string who =
        found == servers.end()
            ? fmt::format("process {}", planned.server.pid)
            : fmt::format("{} ({})", name_of(*found->second.server), size_of(*found->second.server));
    std::string what = fmt::format("{} {}", policy::to_string(planned.action), who);
    if (planned.pending > seconds(0)) what += fmt::format(" in {}", policy::in_words(planned.pending));
    out.line(what, 2);
    for (std::size_t i = 0; i < planned.reasons.size(); ++i) {
        const std::string why = printable(planned.reasons[i], 1000);
        if (i >= planned.rules.size()) {
            out.line(why, 6);
            continue;
        }
        const Rule rule = planned.rules[i];
        const std::string later =
            found == servers.end() ? "" : then(planned, rule, *found->second.verdict);
        out.line(fmt::format("{}: {}{}", policy::to_string(rule), why, later), 6);
    }
}

void tell_actions(const std::string& heading, const std::vector<PlannedAction>& actions,
                  const Servers& servers, TextWriter& out) {
    if (actions.empty()) return;
    out.heading(heading);
    for (const PlannedAction& planned : actions) tell_action(planned, servers, out);
}

/// What ending these would free.
void tell_gain(const std::vector<PlannedAction>& due, const Servers& servers, TextWriter& out) {
    Bytes memory;
    std::size_t processes = 0;
    std::size_t ended = 0;
    for (const PlannedAction& planned : due) {
        const auto found = servers.find(planned.server);
        if (planned.action != Action::terminate || found == servers.end()) continue;
        memory += found->second.server->usage.memory;
        processes += found->second.server->usage.processes;
        ++ended;
    }
    if (ended < 2) return;
    out.line(fmt::format("Together that ends {} and gives back {}.",
                         counted(processes, "process", "processes"), human_bytes(memory)),
             2);
}

/// A finding that only the rule itself makes a report of, or that was spared.
bool only_reported(const Finding& finding) {
    if (finding.action != Action::report || finding.next) return false;
    // A server that a newer one has superseded is nothing to tell until it has been idle for long.
    return !(finding.rule == Rule::superseded && finding.pending > seconds(0));
}

std::string status_counts(const std::vector<JudgedServer>& servers) {
    std::string text;
    for (const Status status : policy::kStatuses) {
        const auto count =
            std::count_if(servers.begin(), servers.end(),
                          [status](const JudgedServer& one) { return one.verdict->status == status; });
        if (count == 0) continue;
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, policy::to_string(status));
    }
    return text;
}

void tell_unknown_channels(const std::vector<JudgedServer>& servers, const scan::Viewer& viewer,
                           TextWriter& out) {
    const auto unknown = static_cast<std::size_t>(
        std::count_if(servers.begin(), servers.end(), [](const JudgedServer& one) {
            if (one.server->zombies() == one.server->members.size()) return false;
            return one.server->channel == scan::Channel::unknown || !one.server->standalone;
        }));
    if (unknown == 0) return;
    const std::string whose = counted(unknown, "server", "servers");
    if (viewer.sees_everything) {
        out.line(fmt::format("Not all evidence about {} could be had: kept.", whose), 0, 0);
    } else {
        out.line(
            fmt::format(
                "You may not see all evidence about {}, so nothing harsh is done there. Run with sudo "
                "to see everything.",
                whose),
            0, 0);
    }
}

/// The first suspected server that is a left-over, or is none; null without one.
const scan::Server* first_suspected(const std::vector<JudgedServer>& servers, bool left_over) {
    const auto found = std::find_if(servers.begin(), servers.end(), [&](const JudgedServer& one) {
        return one.verdict->status == Status::suspected &&
               one.server->left_over.has_value() == left_over;
    });
    return found == servers.end() ? nullptr : found->server;
}

void tell_suspected(const std::vector<JudgedServer>& servers, TextWriter& out) {
    if (const scan::Server* const server = first_suspected(servers, false)) {
        out.line(fmt::format("'suspected' is connected to a client the way a server is, but nothing "
                             "names it one: nothing is ever done about it. See: mcp-reaper explain {}",
                             server->id.pid),
                 0, 0);
    }
    if (const scan::Server* const server = first_suspected(servers, true)) {
        out.line(
            fmt::format("A server that has ended may have left process {} behind ('suspected'), but "
                        "that is not proven: nothing is ever done about it. See: mcp-reaper "
                        "explain {}",
                        server->id.pid, server->id.pid),
            0, 0);
    }
}

}  // namespace

void tell_plan(const std::vector<JudgedServer>& servers, const policy::Plan& plan,
               const ScanContext& context, TextWriter& out) {
    const Servers known = by_id(servers);
    tell_actions(context.acts ? "To do:" : "Would do now:", plan.due, known, out);
    tell_gain(plan.due, known, out);
    tell_actions(context.acts ? "Not yet, it has to go on:" : "Would do if it goes on:", plan.pending,
                 known, out);
    if (!plan.due.empty() || !plan.pending.empty()) return;

    const bool findings = std::any_of(servers.begin(), servers.end(), [](const JudgedServer& one) {
        return std::any_of(one.verdict->findings.begin(), one.verdict->findings.end(), only_reported);
    });
    if (!findings) {
        out.heading("Nothing to do.");
    } else if (context.mode == policy::Mode::observe) {
        out.heading("Nothing would be done: the policy only observes.");
    } else {
        out.heading(context.acts ? "Nothing to do." : "Nothing would be done.");
    }
}

void tell_findings(const std::vector<JudgedServer>& servers, TextWriter& out) {
    bool first = true;
    for (const JudgedServer& one : servers) {
        bool named = false;
        for (const Finding& finding : one.verdict->findings) {
            if (!only_reported(finding)) continue;
            if (std::exchange(first, false)) out.heading("Only reported:");
            if (!std::exchange(named, true)) {
                out.line(fmt::format("{} ({})", name_of(*one.server), size_of(*one.server)), 2);
            }
            std::string text =
                fmt::format("{}: {}", policy::to_string(finding.rule), printable(finding.why, 1000));
            if (finding.pending > seconds(0)) {
                text += fmt::format(" (holds in {})", policy::in_words(finding.pending));
            }
            out.line(text, 6);
            if (!finding.spared.empty())
                out.line(fmt::format("left alone ({})", printable(finding.spared, 1000)), 6);
        }
    }
}

void tell_warnings(const std::vector<JudgedServer>& servers, TextWriter& out) {
    bool first = true;
    for (const JudgedServer& one : servers) {
        if (one.verdict->warnings.empty()) continue;
        if (std::exchange(first, false)) out.heading("Worth watching:");
        std::string text;
        for (const std::string& warning : one.verdict->warnings) {
            text += (text.empty() ? "" : "; ") + printable(warning, 1000);
        }
        out.line(fmt::format("{}: {}", name_of(*one.server), text), 2, 4);
    }
}

void tell_totals(const std::vector<JudgedServer>& servers, const scan::Snapshot& snapshot,
                 const ScanContext& context, bool shared_lines, TextWriter& out) {
    Bytes memory;
    std::size_t processes = 0;
    for (const JudgedServer& one : servers) {
        memory += one.server->usage.memory;
        processes += one.server->usage.processes;
    }
    out.blank();
    out.line(fmt::format("{}: {}. {} {} in {} of the host's {} processes.",
                         counted(servers.size(), "server", "servers"), status_counts(servers),
                         servers.size() == 1 ? "It uses" : "They use", human_bytes(memory), processes,
                         snapshot.processes),
             0, 0);
    if (context.one_sample) out.line("CPU use was not measured: that takes two samples.", 0, 0);
    if (shared_lines) {
        out.line(
            fmt::format(
                "Healthy servers of one type and client share a line ({}N); --format json lists each.",
                out.options().utf8 ? "×" : "x"),
            0, 0);
    }
    tell_suspected(servers, out);
    tell_unknown_channels(servers, snapshot.viewer, out);
    out.line("Policy: " + printable(context.policy), 0, 0);
}

}  // namespace reaper::report
