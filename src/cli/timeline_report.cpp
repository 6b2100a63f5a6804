#include "cli/timeline_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "policy/wording.h"
#include "report/humanize.h"
#include "report/redact.h"
#include "report/text_width.h"

namespace reaper::cli {
namespace {

using nlohmann::ordered_json;
using std::chrono::seconds;

std::string_view mode_text(policy::Mode mode) {
    return mode == policy::Mode::enforce ? "enforce" : "observe";
}

/// How often each rule asked for each action: "terminate" -> "orphan" -> 2.
using Counts = std::map<std::string, std::map<std::string, std::size_t>>;

struct Totals {
    std::map<std::string, std::size_t> servers_by_type;
    std::map<std::string, std::size_t> actions;
    Counts rules_by_action;
    Bytes memory;  ///< Of the servers that would have been terminated.
};

Totals total(const Timeline& timeline) {
    Totals totals;
    for (const auto& [id, type] : timeline.servers) ++totals.servers_by_type[type];
    for (const TimelineEvent& event : timeline.events) {
        const std::string action(policy::to_string(event.planned.action));
        ++totals.actions[action];
        for (const policy::Rule rule : event.planned.rules) {
            ++totals.rules_by_action[action][std::string(policy::to_string(rule))];
        }
        if (event.planned.action == policy::Action::terminate) totals.memory += event.memory;
    }
    return totals;
}

/// "playwright 9, filesystem 5"
std::string listed(const std::map<std::string, std::size_t>& counts) {
    std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    std::string text;
    for (const auto& [name, count] : sorted) {
        text += (text.empty() ? "" : ", ") + report::printable(name, 60) + ' ' + std::to_string(count);
    }
    return text;
}

std::string client_text(const scan::Client& client) {
    const std::string pid = std::to_string(client.pid);
    if (!client.alive) return " whose client " + pid + " is gone";
    return " of " + report::printable(client.name, 60) + ' ' + pid;
}

class Text {
  public:
    explicit Text(std::size_t width) : width_(width) {}

    void line(const std::string& text, std::size_t indent) {
        for (const std::string& part : report::wrap(text, width_, indent)) out_ += part + '\n';
    }
    void blank() { out_ += '\n'; }
    void event(const std::string& when, const TimelineEvent& event);
    std::string take() { return std::move(out_); }

  private:
    std::size_t width_;
    std::string out_;
};

void Text::event(const std::string& when, const TimelineEvent& event) {
    std::string head = when + "  " + std::string(policy::to_string(event.planned.action)) + ' ' +
                       report::printable(event.type, 60) + ' ' + event.planned.server.text();
    if (event.client) head += client_text(*event.client);
    head += ", " + report::human_bytes(event.memory);
    line(head, 4);
    const std::vector<std::string>& reasons = event.planned.reasons;
    for (std::size_t i = 0; i < reasons.size(); ++i) {
        std::string reason = "    ";
        if (i < event.planned.rules.size()) {
            reason += std::string(policy::to_string(event.planned.rules[i])) + ": ";
        }
        line(reason + report::printable(reasons[i]), 6);
    }
}

void add_totals(Text& text, const Timeline& timeline, const ReplayContext& context) {
    const Totals totals = total(timeline);
    std::string seen = "Seen: " + report::counted(timeline.servers.size(), "server", "servers");
    if (!totals.servers_by_type.empty()) seen += " (" + listed(totals.servers_by_type) + ')';
    text.line(seen, 4);
    if (timeline.events.empty()) {
        text.line("Nothing would have been done.", 4);
        return;
    }
    std::string done = "Would have been done: ";
    for (auto action = totals.actions.begin(); action != totals.actions.end(); ++action) {
        if (action != totals.actions.begin()) done += "; ";
        done += action->first + ' ' + std::to_string(action->second);
        const auto rules = totals.rules_by_action.find(action->first);
        if (rules != totals.rules_by_action.end()) done += " (" + listed(rules->second) + ')';
    }
    text.line(done, 4);
    if (totals.memory.value > 0) {
        text.line("Memory given back: " + report::human_bytes(totals.memory), 4);
    }
    if (context.mode == policy::Mode::observe) {
        text.line("The policy's mode is observe: it would only have reported this.", 4);
    }
}

/// As in the report of a scan.
ordered_json client_json(const scan::Client& client) {
    ordered_json out;
    out["pid"] = client.pid;
    out["name"] = nullptr;
    if (!client.name.empty()) out["name"] = report::printable(client.name);
    out["alive"] = client.alive;
    return out;
}

ordered_json event_json(const TimelineEvent& event, bool pending) {
    ordered_json out;
    if (pending) {
        out["pending_seconds"] = event.planned.pending.count();
    } else {
        out["at"] = report::rfc3339(event.at);
        out["offset_seconds"] = static_cast<double>(event.offset.count()) / 1000.0;
    }
    out["server"] = event.planned.server.text();
    out["type"] = report::printable(event.type);
    out["client"] = nullptr;
    if (event.client) out["client"] = client_json(*event.client);
    out["action"] = policy::to_string(event.planned.action);
    out["rules"] = ordered_json::array();
    for (const policy::Rule rule : event.planned.rules) out["rules"].push_back(policy::to_string(rule));
    out["reasons"] = ordered_json::array();
    for (const std::string& reason : event.planned.reasons) {
        out["reasons"].push_back(report::printable(reason));
    }
    out["memory_bytes"] = event.memory.value;
    return out;
}

ordered_json counts_json(const std::map<std::string, std::size_t>& counts) {
    ordered_json out = ordered_json::object();
    for (const auto& [name, count] : counts) out[report::printable(name)] = count;
    return out;
}

ordered_json events_json(const std::vector<TimelineEvent>& events, bool pending) {
    ordered_json out = ordered_json::array();
    for (const TimelineEvent& event : events) out.push_back(event_json(event, pending));
    return out;
}

ordered_json summary_json(const Timeline& timeline) {
    const Totals totals = total(timeline);
    ordered_json summary;
    summary["servers_seen"] = timeline.servers.size();
    summary["by_type"] = counts_json(totals.servers_by_type);
    summary["actions"] = counts_json(totals.actions);
    summary["rules"] = ordered_json::object();
    for (const auto& [action, rules] : totals.rules_by_action)
        summary["rules"][action] = counts_json(rules);
    summary["memory_bytes"] = totals.memory.value;
    return summary;
}

}  // namespace

std::string to_text(const Timeline& timeline, const ReplayContext& context,
                    const report::TableOptions& options) {
    Text text(options.width);
    text.line("Replay of " + report::printable(context.recording, 200) + " by policy " +
                  report::printable(context.policy, 200) + ", mode " +
                  std::string(mode_text(context.mode)),
              4);
    if (timeline.samples == 0) {
        text.line("The recording holds no sample.", 4);
        return text.take();
    }
    text.line(report::counted(timeline.samples, "sample", "samples") + " over " +
                  policy::in_words(std::chrono::round<seconds>(timeline.span)) + ", from " +
                  report::rfc3339(timeline.from) + " to " + report::rfc3339(timeline.to),
              4);
    if (!timeline.events.empty()) text.blank();
    for (const TimelineEvent& event : timeline.events) {
        text.event('+' + policy::in_words(std::chrono::round<seconds>(event.offset)), event);
    }
    if (!timeline.pending.empty()) {
        text.blank();
        text.line("Pending at the end:", 4);
    }
    for (const TimelineEvent& event : timeline.pending) {
        text.event("in " + policy::in_words(event.planned.pending), event);
    }
    text.blank();
    add_totals(text, timeline, context);
    return text.take();
}

std::string to_json(const Timeline& timeline, const ReplayContext& context) {
    ordered_json out;
    out["schema"] = kReplaySchemaVersion;
    out["recording"] = report::printable(context.recording);
    out["policy"] = report::printable(context.policy);
    out["mode"] = mode_text(context.mode);
    out["samples"] = timeline.samples;
    out["from"] = nullptr;
    out["to"] = nullptr;
    if (timeline.samples > 0) {
        out["from"] = report::rfc3339(timeline.from);
        out["to"] = report::rfc3339(timeline.to);
    }
    out["span_seconds"] = static_cast<double>(timeline.span.count()) / 1000.0;
    out["note"] = nullptr;
    if (!context.note.empty()) out["note"] = report::printable(context.note);
    out["actions"] = events_json(timeline.events, false);
    out["pending"] = events_json(timeline.pending, true);
    out["summary"] = summary_json(timeline);
    return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

}  // namespace reaper::cli
