#include "report/judged_servers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "report/redact.h"

namespace reaper::report {
namespace {

constexpr std::size_t kLongestName = 80;

}  // namespace

std::vector<JudgedServer> judged(const scan::Snapshot& snapshot, const policy::Plan& plan) {
    static const policy::Verdict kNone;
    std::map<ProcessId, const policy::Verdict*> verdicts;
    for (const policy::Verdict& verdict : plan.verdicts) verdicts.emplace(verdict.server, &verdict);
    std::vector<JudgedServer> servers;
    servers.reserve(snapshot.servers.size());
    for (const scan::Server& server : snapshot.servers) {
        const auto found = verdicts.find(server.id);
        servers.push_back({&server, found == verdicts.end() ? &kNone : found->second});
    }
    return servers;
}

void sort_worst_first(std::vector<JudgedServer>& servers) {
    const auto place = [](const JudgedServer& one) {
        return std::tie(one.verdict->status, one.server->type, one.server->id);
    };
    std::stable_sort(servers.begin(), servers.end(),
                     [&](const JudgedServer& a, const JudgedServer& b) { return place(a) < place(b); });
}

std::string name_of(const scan::Server& server) {
    return fmt::format("{} {}", printable(server.type, kLongestName), server.id.pid);
}

std::string client_cell(const scan::Server& server) {
    if (server.client) {
        const scan::Client& client = *server.client;
        if (!client.alive) return fmt::format("gone ({})", client.pid);
        const std::string name = client.name.empty() ? "unknown" : printable(client.name, kLongestName);
        return fmt::format("{}{} {}", name, client.known || client.name.empty() ? "" : "?", client.pid);
    }
    if (server.standalone.value_or(false)) return "standalone";
    return server.channel == scan::Channel::closed ? "gone" : "-";
}

}  // namespace reaper::report
