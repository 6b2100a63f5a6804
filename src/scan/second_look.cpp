#include "scan/second_look.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>
#include <vector>

#include "classify/command_line.h"
#include "scan/children.h"
#include "scan/process_table.h"
#include "scan/process_tree.h"
#include "scan/sample_reading.h"

namespace reaper::scan {
namespace {

/// Collects the rows of processes, each once.
class Rows {
  public:
    /// Adds those that live; returns what was new.
    Result<std::vector<Process>> add(const std::vector<pid_t>& pids) {
        std::vector<pid_t> unknown;
        for (const pid_t pid : pids) {
            if (pid > 0 && known_.insert(pid).second) unknown.push_back(pid);
        }
        if (known_.size() > kMostProcesses) {
            return fail_errno("look at servers again", std::to_string(known_.size()) + " processes",
                              E2BIG);
        }
        if (unknown.empty()) return std::vector<Process>();
        auto rows = read_process_rows(unknown);
        if (rows) all_.insert(all_.end(), rows->begin(), rows->end());
        return rows;
    }

    [[nodiscard]] std::vector<Process> take() {
        std::ranges::sort(all_, {}, &Process::id);
        return std::move(all_);
    }

  private:
    std::set<pid_t> known_;
    std::vector<Process> all_;
};

/// A process that dies while we ask has no children that could still be found through it. Fails where
/// one could not be looked at.
Result<std::vector<pid_t>> children_of_all(const std::vector<Process>& processes) {
    std::vector<pid_t> pids;
    for (const Process& process : processes) {
        const auto dir = ProcessDir::open(process.id);
        if (!dir) continue;
        const auto children = children_of(*dir);
        if (!children && !says_gone(children.error())) return tl::unexpected(children.error());
        if (!children) continue;
        for (const ProcessId& child : *children) pids.push_back(child.pid);
    }
    return pids;
}

Result<void> add_with_descendants(Rows& rows, std::vector<pid_t> pids) {
    while (!pids.empty()) {
        const auto fresh = rows.add(pids);
        if (!fresh) return tl::unexpected(fresh.error());
        auto children = children_of_all(*fresh);
        if (!children) return tl::unexpected(children.error());
        pids = std::move(*children);
    }
    return {};
}

/// A process that launches something may launch several: then it is the launcher of none of them. Also
/// where it is the first process: that may be a shell, in a container.
bool may_launch(Process process, const classify::Classifier& classifier) {
    std::vector<Process> one;
    one.push_back(std::move(process));
    read_command_lines(one);
    if (one.empty()) return false;
    const auto what = classifier.classify(classify::CommandLine::from_proc(one.front().cmdline));
    return what.wraps != classify::LauncherKind::none;
}

/// Everybody above, and whom else these have launched.
Result<void> add_ancestors(Rows& rows, std::vector<pid_t> parents,
                           const classify::Classifier& classifier) {
    while (!parents.empty()) {
        const auto fresh = rows.add(parents);
        if (!fresh) return tl::unexpected(fresh.error());
        parents.clear();
        std::vector<Process> launchers;
        for (const Process& process : *fresh) {
            parents.push_back(process.parent);
            parents.push_back(process.session);  // Whether its leader lives tells who was reparented.
            if (may_launch(process, classifier)) launchers.push_back(process);
        }
        const auto launched = children_of_all(launchers);
        if (!launched) return tl::unexpected(launched.error());
        const auto siblings = rows.add(*launched);
        if (!siblings) return tl::unexpected(siblings.error());
    }
    return {};
}

}  // namespace

Result<Sample> read_again(std::span<const Server> servers, const classify::Classifier& classifier,
                          const Memory* memory) {
    Sample sample = empty_sample();
    std::vector<pid_t> members;
    std::vector<pid_t> others;
    for (const Server& server : servers) {
        for (const Member& member : server.members) {
            members.push_back(member.id.pid);
        }
        if (server.client) others.push_back(server.client->pid);
        for (const ChannelEnd* end : {&server.in, &server.out}) {
            if (end->maker) others.push_back(*end->maker);
        }
    }
    Rows rows;
    if (auto done = add_with_descendants(rows, members); !done) return tl::unexpected(done.error());
    auto below = rows.take();
    std::vector<pid_t> parents = std::move(others);
    for (const Process& process : below) {
        parents.push_back(process.parent);
        parents.push_back(process.session);
    }
    Rows above;
    if (auto done = add_ancestors(above, parents, classifier); !done)
        return tl::unexpected(done.error());

    sample.processes = std::move(below);
    for (Process& process : above.take()) sample.processes.push_back(std::move(process));
    std::ranges::sort(sample.processes, {}, &Process::id);
    const auto twice =
        std::ranges::unique(sample.processes, {}, [](const Process& p) { return p.id.pid; });
    sample.processes.erase(twice.begin(), twice.end());
    read_evidence(sample, classifier, Depth::servers, memory);
    return sample;
}

}  // namespace reaper::scan
