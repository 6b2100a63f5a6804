#include "policy/evidence.h"

#include <algorithm>

#include "policy/wording.h"

namespace reaper::policy {
namespace {

constexpr const char* kUnderPressure = " under memory pressure";

/// "pipe HUP"; where poll had no say, how else it was found: "unix socket by sock_diag".
std::string end_in_words(const scan::ChannelEnd& end) {
    const std::string kind(scan::to_string(end.kind));
    return end.events.empty() ? kind + " by " + end.method : kind + " " + end.events;
}

/// "left by playwright 4711, which has ended: its debugging pipe is hung up (…)"
std::string left_over_evidence(const scan::Server& server) {
    const scan::LeftOver& left_over = *server.left_over;
    std::string whose = "left by " + server.type;
    if (left_over.server) {
        whose += ' ' + std::to_string(left_over.server->pid);
    } else if (server.in.maker) {  // Who made the pipe started the browser.
        whose += ' ' + std::to_string(*server.in.maker);
    }
    return whose + ", which has ended: " + left_over.proof;
}

std::string orphan_evidence(const scan::Server& server) {
    if (server.left_over) return left_over_evidence(server);
    const std::string in = end_in_words(server.in);
    const std::string out = end_in_words(server.out);
    const std::string ends = in == out ? in : in + ", " + out;
    return "stdin and stdout are hung up (" + ends + ") and it listens nowhere";
}

std::string zombie_evidence(const scan::Server& server) {
    const auto first = std::find_if(server.members.begin(), server.members.end(),
                                    [](const scan::Member& member) { return member.zombie; });
    const std::string which = "pid " + std::to_string(first->id.pid) + ", whose parent " +
                              std::to_string(first->parent) + " does not reap it";
    const unsigned zombies = server.zombies();
    if (zombies == server.members.size()) return "nothing but zombies is left (" + which + ")";
    if (zombies == 1 && first->part == scan::Member::Part::server) {
        return "the server process is a zombie (" + which + ")";
    }
    const std::string of = " of its " + std::to_string(server.members.size()) + " processes ";
    if (zombies == 1) return "1" + of + "is a zombie (" + which + ")";
    return std::to_string(zombies) + of + "are zombies (the first: " + which + ")";
}

std::string duplicate_evidence(const scan::Server& server, const Excess& excess, Scope per,
                               const UserNames& users) {
    const std::string counted = "instance " + std::to_string(excess.instance) + " of " +
                                std::to_string(excess.limit) + " allowed ";
    switch (per) {
        case Scope::host:
            return counted + "on this host";
        case Scope::user:
            return counted + "per user (" + user_in_words(server.uid, users) + ")";
        case Scope::client:
            break;
    }
    return counted + "per client" + (server.client ? " " + in_words(*server.client) : "");
}

std::string superseded_evidence(const scan::Server& server, const scan::Server& newer,
                                std::chrono::milliseconds idle) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(idle);
    return "a newer " + server.type + " of " +
           (server.client ? in_words(*server.client) : "the same client") + " exists (pid " +
           std::to_string(newer.id.pid) + "); this one idle for " + in_words(seconds);
}

std::string age_evidence(std::chrono::seconds age, std::chrono::seconds limit) {
    const std::string running = in_words(age);
    const std::string allowed = in_words(limit);
    const std::string over = running == allowed ? "just over " : "";
    return "running for " + over + running + ", limit " + allowed;
}

/// "3 health requests in a row have failed: no answer within 5 s from http://127.0.0.1:8931/health"
std::string silence_evidence(const scan::Unresponsive& unresponsive) {
    const std::string requests =
        unresponsive.failures == 1
            ? "its health request has failed"
            : std::to_string(unresponsive.failures) + " health requests in a row have failed";
    return requests + (unresponsive.why.empty() ? "" : ": " + unresponsive.why);
}

std::string memory_in_words(const scan::Usage& usage) {
    return "memory " + in_words(usage.memory) + (usage.memory_is_complete ? "" : " (partly RSS)");
}

}  // namespace

std::string evidence(Rule rule, const scan::Snapshot& snapshot, std::size_t index,
                     const Conditions& conditions, const RuleSettings& settings,
                     const UserNames& users) {
    const scan::Server& server = snapshot.servers[index];
    const bool pressed = conditions.by_pressure(rule);
    const Limits& limits = pressed ? conditions.pressed_limits.value() : conditions.limits;
    const std::string pressure = pressed ? kUnderPressure : "";
    switch (rule) {
        case Rule::orphan:
            return orphan_evidence(server);
        case Rule::zombie:
            return zombie_evidence(server);
        case Rule::duplicate:
            return duplicate_evidence(server, conditions.excess.value(), settings.per, users) + pressure;
        case Rule::superseded:
            return superseded_evidence(server, snapshot.servers[conditions.superseded_by.value()],
                                       conditions.idle);
        case Rule::over_age:
            return age_evidence(server.usage.age, limits.max_age.value()) + pressure;
        case Rule::over_cpu:
            return "uses " + in_words(server.usage.cpu.value()) + ", limit " +
                   percent_in_words(limits.max_cpu.value()) + pressure;
        case Rule::over_memory:
            return memory_in_words(server.usage) + ", limit " + in_words(limits.max_memory.value()) +
                   pressure;
        case Rule::unresponsive:
            return silence_evidence(server.unresponsive.value());
    }
    return "";
}

std::vector<std::string> warnings(const scan::Server& server, const Conditions& conditions) {
    const Limits& limits = conditions.pressed_limits.value_or(conditions.limits);
    const auto pressure = [](const auto& limit, const auto& always) {
        return limit == always ? "" : kUnderPressure;
    };
    std::vector<std::string> passed;
    if (limits.warning_cpu && server.usage.cpu && started_up(server) &&
        *server.usage.cpu > *limits.warning_cpu && !conditions.hold(Rule::over_cpu)) {
        passed.push_back("uses " + in_words(*server.usage.cpu) + ", warning at " +
                         percent_in_words(*limits.warning_cpu) +
                         pressure(limits.warning_cpu, conditions.limits.warning_cpu));
    }
    if (limits.warning_memory && server.usage.memory > *limits.warning_memory &&
        !conditions.hold(Rule::over_memory)) {
        passed.push_back(memory_in_words(server.usage) + ", warning at " +
                         in_words(*limits.warning_memory) +
                         pressure(limits.warning_memory, conditions.limits.warning_memory));
    }
    return passed;
}

}  // namespace reaper::policy
