#include "scan/memory.h"

#include <utility>

#include "base/digest.h"

namespace reaper::scan {
namespace {

std::uint64_t line_of(const Process& process) {
    Digest digest;
    digest.add(process.comm);
    digest.add(process.cmdline);
    return digest.value();
}

using ProcessById = std::unordered_map<ProcessId, const Process*>;

ProcessById living(const Sample& sample) {
    ProcessById processes;
    processes.reserve(sample.processes.size());
    for (const Process& process : sample.processes) {
        if (!process.zombie()) processes.emplace(process.id, &process);
    }
    return processes;
}

RememberedServer as_seen(const Server& server, const ProcessById& alive) {
    RememberedServer seen{server.id,      {},
                          server.type,    server.type_source,
                          server.rule,    server.launcher_kind,
                          server.program, server.arguments_digest,
                          server.client,  {}};
    const auto main = alive.find(server.id);
    if (main != alive.end() && main->second->detail) seen.exe = main->second->detail->exe;
    for (const Member& member : server.members) {
        if (member.part != Member::Part::helper) seen.chain.push_back(member.id);
    }
    return seen;
}

}  // namespace

bool RememberedProcess::still_is(const Process& process) const {
    const bool both = !exe.empty() && process.detail && !process.detail->exe.empty();
    return both ? exe == process.detail->exe : line == line_of(process);
}

const RememberedProcess* Memory::find(const ProcessId& id) const {
    const auto found = processes_.find(id);
    return found == processes_.end() ? nullptr : &found->second;
}

Memory remember(Memory before, const Snapshot& snapshot, const Sample& sample) {
    auto& known = before.processes_;
    const ProcessById alive = living(sample);
    std::erase_if(known, [&](const auto& entry) { return !alive.contains(entry.first); });

    for (const Server& server : snapshot.servers) {
        std::shared_ptr<const RememberedServer> owner;
        if (server.left_over) {
            // What it has started since belongs to the same server that is gone.
            for (const Member& member : server.members) {
                const auto found = known.find(member.id);
                if (found != known.end() && found->second.server->id == server.left_over->server)
                    owner = found->second.server;
            }
            if (!owner) continue;
        } else if (server.suspected()) {
            continue;
        } else {
            RememberedServer seen = as_seen(server, alive);
            const auto found = known.find(server.id);
            const bool same = found != known.end() && *found->second.server == seen;
            owner =
                same ? found->second.server : std::make_shared<const RememberedServer>(std::move(seen));
        }
        for (const Member& member : server.members) {
            const auto process = alive.find(member.id);
            if (process == alive.end()) continue;
            const auto& detail = process->second->detail;
            RememberedProcess& entry = known[member.id];
            entry.server = owner;
            entry.part = member.part;
            // One look may be refused where the one before was not.
            if (detail && !detail->exe.empty()) entry.exe = detail->exe;
            entry.line = line_of(*process->second);
        }
    }
    return before;
}

}  // namespace reaper::scan
