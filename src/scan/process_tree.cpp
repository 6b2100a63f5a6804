#include "scan/process_tree.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace reaper::scan {

bool adopts_orphans(pid_t pid, std::string_view comm) {
    constexpr auto kReapers = std::to_array<std::string_view>(
        {"systemd", "init", "tini", "dumb-init", "docker-init", "catatonit", "conmon", "s6-svscan",
         "runsvdir", "process_api", "launchd"});
    if (pid == 1) return true;
    return std::find(kReapers.begin(), kReapers.end(), comm) != kReapers.end() ||
           comm.starts_with("containerd-shim");
}

ProcessTree::ProcessTree(const std::vector<Process>& processes)
    : processes_(processes), parents_(processes.size()) {
    by_pid_.reserve(processes.size());
    for (Index i = 0; i < processes.size(); ++i) by_pid_.emplace(processes[i].id.pid, i);
    for (Index i = 0; i < processes.size(); ++i) parents_[i] = claimed_parent(i);
    break_cycles();

    child_begin_.assign(processes.size() + 1, 0);
    for (const std::optional<Index>& parent : parents_) {
        if (parent) ++child_begin_[*parent + 1];
    }
    for (std::size_t i = 1; i < child_begin_.size(); ++i) child_begin_[i] += child_begin_[i - 1];
    child_order_.resize(child_begin_.back());
    std::vector<std::size_t> next = child_begin_;
    for (Index i = 0; i < processes.size(); ++i) {
        if (parents_[i]) child_order_[next[*parents_[i]]++] = i;
    }
}

/// No kernel shows a cycle, but a recording may: every walk upwards must end.
void ProcessTree::break_cycles() {
    enum class Seen : char { no, on_this_walk, yes };
    std::vector<Seen> seen(parents_.size(), Seen::no);
    std::vector<Index> walk;
    for (Index start = 0; start < parents_.size(); ++start) {
        walk.clear();
        std::optional<Index> i = start;
        while (i && seen[*i] == Seen::no) {
            seen[*i] = Seen::on_this_walk;
            walk.push_back(*i);
            if (parents_[*i] && seen[*parents_[*i]] == Seen::on_this_walk) parents_[*i].reset();
            i = parents_[*i];
        }
        for (const Index done : walk) seen[done] = Seen::yes;
    }
}

std::optional<Index> ProcessTree::find(pid_t pid) const {
    const auto found = by_pid_.find(pid);
    if (found == by_pid_.end()) return std::nullopt;
    return found->second;
}

std::optional<Index> ProcessTree::claimed_parent(Index index) const {
    const Process& child = processes_[index];
    const std::optional<Index> found = find(child.parent);
    if (!found || *found == index || processes_[*found].id.start > child.id.start) return std::nullopt;
    return found;
}

std::optional<Index> ProcessTree::parent(Index index) const {
    return parents_[index];
}

std::span<const Index> ProcessTree::children(Index index) const {
    return std::span(child_order_)
        .subspan(child_begin_[index], child_begin_[index + 1] - child_begin_[index]);
}

bool ProcessTree::reparented(Index index) const {
    if (!parents_[index]) return true;
    const Process& child = processes_[index];
    const Process& parent = processes_[*parents_[index]];
    if (adopts_orphans(parent)) return true;
    // Any process may be a subreaper, and /proc does not tell. But a session is inherited: who is in
    // another one than its parent, without leading it, and whose leader is gone, was born elsewhere
    // (the double fork of a daemon, or of Chromium's crash handler).
    return child.session != child.id.pid && child.session != parent.session && !find(child.session);
}

}  // namespace reaper::scan
