#include "daemon/changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <iterator>
#include <string>

#include "daemon/server_events.h"
#include "report/humanize.h"
#include "report/judged_servers.h"

namespace reaper::daemon {
namespace {

using policy::Finding;
using policy::Rule;
using report::Event;
using report::EventKind;
using report::JudgedServer;
using Rules = std::bitset<policy::kRules.size()>;

constexpr std::chrono::seconds kNothing{0};

bool is_limit(Rule rule) {
    return rule == Rule::over_cpu || rule == Rule::over_memory || rule == Rule::over_age;
}

bool holds(const Finding& finding) {
    return finding.pending <= kNothing;
}

/// Which of its rules hold, or are found at all.
template <typename Which>
Rules rules_of(const JudgedServer& judged, const Which& which) {
    Rules rules;
    for (const Finding& finding : judged.verdict->findings) {
        if (which(finding)) rules.set(static_cast<std::size_t>(finding.rule));
    }
    return rules;
}

Rules holding(const JudgedServer& judged) {
    return rules_of(judged, holds);
}

Rules found(const JudgedServer& judged) {
    return rules_of(judged, [](const Finding&) { return true; });
}

bool has(const Rules& rules, Rule rule) {
    return rules.test(static_cast<std::size_t>(rule));
}

/// A server that runs, not what is left of one, nor one that is still being installed.
bool is_running(const scan::Server& server) {
    if (server.left_over) return false;
    return server.server_process || server.launcher_kind == classify::LauncherKind::container;
}

bool is_told_of(const scan::Server& server) {
    return !server.suspected() && is_running(server);
}

/// Compares two looks at the same servers: both are ordered by identity.
class Comparison {
  public:
    Comparison(const scan::Snapshot& now, bool first, ToldLimits& told)
        : at_(now.taken_at), monotonic_(now.monotonic), first_(first), told_(told) {}

    void gone(const JudgedServer& before) {
        clear_all(before, holding(before), "it has ended");
        if (is_told_of(*before.server)) stopped(*before.server);
    }
    void came(const JudgedServer& now) { tell(now, Rules(), Rules(), false); }
    void stayed(const JudgedServer& before, const JudgedServer& now) {
        clear_all(now, holding(before) & ~holding(now), "it does not hold any more");
        const bool was_told_of = is_told_of(*before.server);
        if (was_told_of && !is_running(*now.server)) stopped(*before.server);
        tell(now, holding(before), found(before), was_told_of);
    }

    std::vector<Event> take() {
        ended_.insert(ended_.end(), std::make_move_iterator(begun_.begin()),
                      std::make_move_iterator(begun_.end()));
        return std::move(ended_);
    }

  private:
    void tell(const JudgedServer& now, const Rules& held, const Rules& were_found, bool was_told_of) {
        if (!first_ && !was_told_of && is_told_of(*now.server)) started(*now.server);
        for (const Finding& finding : now.verdict->findings) {
            if (is_limit(finding.rule) && !has(were_found, finding.rule)) exceeded(now, finding);
            if (holds(finding) && !has(held, finding.rule)) began(now, finding);
        }
    }

    void started(const scan::Server& server) {
        Event& event =
            begun_.emplace_back(server_event(EventKind::server_started, server, at_, " has started"));
        event.detail = described(server);
    }

    void stopped(const scan::Server& server) {
        Event& event =
            ended_.emplace_back(server_event(EventKind::server_stopped, server, at_, " has ended"));
        event.detail = described(server);
    }

    void began(const JudgedServer& judged, const Finding& finding) {
        Event& event = begun_.emplace_back(about(EventKind::finding, judged, finding));
        event.detail["action"] = policy::to_string(finding.action);
        event.detail["spared"] = harmless_or_null(finding.spared);
        event.detail["status"] = policy::to_string(judged.verdict->status);
        event.detail.update(described(*judged.server));
    }

    void exceeded(const JudgedServer& judged, const Finding& finding) {
        MonotonicTime& last = told_[{judged.server->id, finding.rule}];
        if (last != MonotonicTime{} && monotonic_ - last < kLimitQuiet) return;
        last = monotonic_;
        Event& event = begun_.emplace_back(about(EventKind::limit_exceeded, judged, finding));
        event.detail["pending_seconds"] = std::max(finding.pending, kNothing).count();
        event.detail.update(described(*judged.server));
    }

    [[nodiscard]] Event about(EventKind kind, const JudgedServer& judged, const Finding& finding) const {
        const std::string why = harmless(finding.why);
        const std::string rule(policy::to_string(finding.rule));
        Event event = server_event(kind, *judged.server, at_, ": " + rule + ": " + why);
        event.detail["rule"] = rule;
        event.detail["why"] = why;
        return event;
    }

    void clear_all(const JudgedServer& judged, const Rules& rules, const char* why) {
        for (const Rule rule : policy::kRules) {
            if (!has(rules, rule)) continue;
            const std::string name(policy::to_string(rule));
            Event& event = ended_.emplace_back(server_event(EventKind::finding_cleared, *judged.server,
                                                            at_, ": no longer " + name + ": " + why));
            event.detail["rule"] = name;
            event.detail["why"] = why;
        }
    }

    WallTime at_;
    MonotonicTime monotonic_;
    bool first_;
    ToldLimits& told_;
    std::vector<Event> ended_;
    std::vector<Event> begun_;
};

void forget_ended(ToldLimits& told, const scan::Snapshot& now) {
    std::erase_if(told, [&](const auto& one) {
        const ProcessId& id = one.first.first;
        const auto place = std::lower_bound(
            now.servers.begin(), now.servers.end(), id,
            [](const scan::Server& server, const ProcessId& which) { return server.id < which; });
        return place == now.servers.end() || place->id != id;
    });
}

std::string figures(const enforce::Outcome& outcome) {
    if (outcome.effect != enforce::Effect::ended && outcome.effect != enforce::Effect::killed) return "";
    return fmt::format(": {}, {}", report::counted(outcome.ended.size(), "process", "processes"),
                       report::human_bytes(outcome.freed));
}

nlohmann::ordered_json harmless_texts(const std::vector<std::string>& texts) {
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const std::string& text : texts) json.push_back(harmless(text));
    return json;
}

nlohmann::ordered_json rules_json(const std::vector<Rule>& rules) {
    nlohmann::ordered_json json = nlohmann::ordered_json::array();
    for (const Rule rule : rules) json.push_back(policy::to_string(rule));
    return json;
}

}  // namespace

std::vector<Event> changes(const scan::Snapshot& before, const policy::Plan& plan_before,
                           const scan::Snapshot& now, const policy::Plan& plan, ToldLimits& told) {
    const std::vector<JudgedServer> then = report::judged(before, plan_before);
    const std::vector<JudgedServer> here = report::judged(now, plan);
    Comparison comparison(now, before.monotonic == MonotonicTime{}, told);
    auto old = then.begin();
    auto current = here.begin();
    while (old != then.end() || current != here.end()) {
        if (current == here.end() || (old != then.end() && old->server->id < current->server->id)) {
            comparison.gone(*old++);
        } else if (old == then.end() || current->server->id < old->server->id) {
            comparison.came(*current++);
        } else {
            comparison.stayed(*old++, *current++);
        }
    }
    forget_ended(told, now);
    return comparison.take();
}

Event action_event(const enforce::Order& order, const enforce::Outcome& outcome, WallTime at) {
    const std::string deed(enforce::to_string(order.deed));
    const std::string effect(enforce::to_string(outcome.effect));
    std::string rest = ": " + effect + " (" + deed + ")" + figures(outcome);
    if (!outcome.why.empty()) rest += "; " + harmless(outcome.why);
    Event event = server_event(EventKind::action, order.server, at, rest);
    auto& detail = event.detail;
    detail["action"] = deed;
    detail["origin"] = enforce::to_string(order.origin);
    detail["rules"] = rules_json(order.rules);
    detail["reasons"] = harmless_texts(order.reasons);
    detail["effect"] = effect;
    detail["succeeded"] = enforce::succeeded(outcome.effect);
    detail["why"] = harmless_or_null(outcome.why);
    detail["remedy"] = harmless_or_null(outcome.remedy);
    detail["ended_count"] = outcome.ended.size();
    detail["left_count"] = outcome.left.size();
    detail["freed_bytes"] = outcome.freed.value;
    detail["took_us"] = outcome.took.count();
    detail.update(described(order.server));
    return event;
}

}  // namespace reaper::daemon
