#include <fmt/format.h>

#include <algorithm>

#include "policy/wording.h"
#include "report/explained_server.h"
#include "report/humanize.h"
#include "report/redact.h"

namespace reaper::report {
namespace {

using policy::Action;
using policy::Finding;
using policy::PlannedAction;
using policy::Rule;
using std::chrono::seconds;

const Finding* finding_of(const policy::Verdict& verdict, Rule rule) {
    for (const Finding& finding : verdict.findings) {
        if (finding.rule == rule) return &finding;
    }
    return nullptr;
}

const PlannedAction* planned_for(const std::vector<PlannedAction>& actions, const ProcessId& server) {
    const auto found = std::find_if(actions.begin(), actions.end(), [&](const PlannedAction& action) {
        return action.server == server;
    });
    return found == actions.end() ? nullptr : &*found;
}

std::string past(Action action) {
    switch (action) {
        case Action::report:
            return "reported";
        case Action::throttle:
            return "throttled";
        case Action::freeze:
            return "frozen";
        case Action::terminate:
            return "terminated";
    }
    return "";
}

std::string rules_of(const PlannedAction& planned) {
    std::string text;
    for (const Rule rule : planned.rules) {
        text += fmt::format("{}{}", text.empty() ? "" : ", ", policy::to_string(rule));
    }
    return text;
}

std::string against(const std::string& value, const std::optional<std::string>& limit,
                    const std::optional<std::string>& warning) {
    std::string text = value + (limit ? " of " + *limit : ", no limit");
    if (warning) text += ", warning at " + *warning;
    return text;
}

template <typename T>
std::optional<std::string> said(const std::optional<T>& value) {
    return value ? std::optional(policy::in_words(*value)) : std::nullopt;
}

std::optional<std::string> said(const std::optional<CpuPercent>& value) {
    return value ? std::optional(policy::percent_in_words(*value)) : std::nullopt;
}

/// How many of its type there are in the group that the duplicate rule counts in.
std::string instances(const ServerCase& one, const policy::Limits& limits) {
    const policy::Scope per = one.policy.rule(Rule::duplicate).per;
    const scan::Server& server = one.server;
    const std::string most = limits.max_instances_per_type
                                 ? fmt::format("at most {}", *limits.max_instances_per_type)
                                 : "no limit";
    if (per == policy::Scope::client && !server.client)
        return most + "; not counted, for it has no client";
    const auto same_group = [&](const scan::Server& other) {
        if (other.type != server.type || other.suspected()) return false;
        switch (per) {
            case policy::Scope::host:
                return true;
            case policy::Scope::user:
                return other.uid == server.uid;
            case policy::Scope::client:
                return other.client && other.client->pid == server.client->pid;
        }
        return false;
    };
    const auto count =
        std::count_if(one.snapshot.servers.begin(), one.snapshot.servers.end(), same_group);
    return fmt::format("{} of this type for this {}, {}", count, policy::to_string(per), most);
}

std::string rule_in_words(const Finding& finding) {
    std::string text = fmt::format("holds: {}. ", printable(finding.why, 1000));
    text += finding.pending > seconds(0)
                ? fmt::format("It must go on for another {}; then: {}",
                              policy::in_words(finding.pending), policy::to_string(finding.action))
                : fmt::format("Action: {}", policy::to_string(finding.action));
    if (finding.next) text += ", " + policy::in_words(*finding.next);
    if (!finding.spared.empty()) text += fmt::format(", not more ({})", printable(finding.spared, 1000));
    return text;
}

}  // namespace

void tell_limits(const ServerCase& one, TextWriter& out) {
    const policy::Limits limits = one.policy.limits_for(one.server.type);
    const scan::Usage& usage = one.server.usage;
    out.heading("Limits");
    out.field("Memory", against(policy::in_words(usage.memory), said(limits.max_memory),
                                said(limits.warning_memory)));
    out.field("CPU", against(said(usage.cpu).value_or("not measured"), said(limits.max_cpu),
                             said(limits.warning_cpu)));
    out.field("Age", against(policy::in_words(usage.age), said(limits.max_age), std::nullopt));
    out.field("Instances", instances(one, limits));
}

void tell_rules(const ServerCase& one, TextWriter& out) {
    out.heading("Rules");
    for (const Rule rule : policy::kRules) {
        const Finding* const finding = finding_of(one.verdict, rule);
        std::string text = "does not hold";
        if (!one.policy.rule(rule).enabled) text = "is switched off by the policy";
        if (one.server.suspected()) text = "is not asked of a server that is only suspected";
        if (finding != nullptr) text = rule_in_words(*finding);
        out.field(policy::to_string(rule), text);
    }
    for (const std::string& warning : one.verdict.warnings)
        out.field("warning", printable(warning, 1000));
}

std::string verdict_sentence(const ServerCase& one) {
    const std::string status(policy::to_string(one.verdict.status));
    if (const PlannedAction* const due = planned_for(one.plan.due, one.server.id)) {
        return fmt::format("{}: this server would be {} now ({}).", status, past(due->action),
                           rules_of(*due));
    }
    if (const PlannedAction* const later = planned_for(one.plan.pending, one.server.id)) {
        return fmt::format("{}: this server would be {} in {} if what is seen now goes on ({}).", status,
                           past(later->action), policy::in_words(later->pending), rules_of(*later));
    }
    if (one.server.suspected() && one.server.left_over) {
        return "suspected: a server that has ended may have left it behind, but that is not proven; "
               "nothing "
               "is done about it.";
    }
    if (one.server.suspected()) {
        return "suspected: it is connected to a client the way a server is, but nothing names it one; "
               "nothing is "
               "done about it. If it is a server, name it in the policy.";
    }
    for (const Finding& finding : one.verdict.findings) {
        if (finding.spared.empty()) continue;
        return fmt::format("{}: this server is only reported ({}).", status,
                           printable(finding.spared, 1000));
    }
    if (!one.verdict.findings.empty()) {
        return fmt::format("{}: this server is only reported, as the policy says.", status);
    }
    if (!one.verdict.warnings.empty()) {
        return fmt::format("{}: this server has passed a warning threshold; nothing is done about it.",
                           status);
    }
    return fmt::format("{}: there is nothing to do about this server.", status);
}

}  // namespace reaper::report
