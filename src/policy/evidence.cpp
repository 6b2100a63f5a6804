#include "policy/evidence.h"

#include <algorithm>

#include "policy/wording.h"

namespace reaper::policy {
namespace {

/// "pipe HUP"; where poll had no say, how else it was found: "unix socket by sock_diag".
std::string end_in_words(const scan::ChannelEnd& end) {
    const std::string kind(scan::to_string(end.kind));
    return end.events.empty() ? kind + " by " + end.method : kind + " " + end.events;
}

std::string orphan_evidence(const scan::Server& server) {
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

std::string memory_in_words(const scan::Usage& usage) {
    return "memory " + in_words(usage.memory) + (usage.memory_is_complete ? "" : " (partly RSS)");
}

}  // namespace

std::string evidence(Rule rule, const scan::Snapshot& snapshot, std::size_t index,
                     const Conditions& conditions, const RuleSettings& settings,
                     const UserNames& users) {
    const scan::Server& server = snapshot.servers[index];
    const Limits& limits = conditions.limits;
    switch (rule) {
        case Rule::orphan:
            return orphan_evidence(server);
        case Rule::zombie:
            return zombie_evidence(server);
        case Rule::duplicate:
            return duplicate_evidence(server, conditions.excess.value(), settings.per, users);
        case Rule::superseded:
            return superseded_evidence(server, snapshot.servers[conditions.superseded_by.value()],
                                       conditions.idle);
        case Rule::over_age:
            return age_evidence(server.usage.age, limits.max_age.value());
        case Rule::over_cpu:
            return "uses " + in_words(server.usage.cpu.value()) + ", limit " +
                   percent_in_words(limits.max_cpu.value());
        case Rule::over_memory:
            return memory_in_words(server.usage) + ", limit " + in_words(limits.max_memory.value());
    }
    return "";
}

std::vector<std::string> warnings(const scan::Server& server, const Conditions& conditions) {
    const Limits& limits = conditions.limits;
    std::vector<std::string> passed;
    if (limits.warning_cpu && server.usage.cpu && started_up(server) &&
        *server.usage.cpu > *limits.warning_cpu && !conditions.hold(Rule::over_cpu)) {
        passed.push_back("uses " + in_words(*server.usage.cpu) + ", warning at " +
                         percent_in_words(*limits.warning_cpu));
    }
    if (limits.warning_memory && server.usage.memory > *limits.warning_memory &&
        !conditions.hold(Rule::over_memory)) {
        passed.push_back(memory_in_words(server.usage) + ", warning at " +
                         in_words(*limits.warning_memory));
    }
    return passed;
}

}  // namespace reaper::policy
