// The processes of a sample by pid and by parentage. A view: the sample must outlive it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "scan/sample.h"

namespace reaper::scan {

/// A process by its place in the sample.
using Index = std::size_t;

class ProcessTree {
  public:
    explicit ProcessTree(const std::vector<Process>& processes);

    [[nodiscard]] const Process& at(Index index) const { return processes_[index]; }
    [[nodiscard]] std::size_t size() const { return processes_.size(); }
    [[nodiscard]] std::optional<Index> find(pid_t pid) const;

    /// Absent where it is not in the sample, or began after its child: then its pid was reused.
    [[nodiscard]] std::optional<Index> parent(Index index) const;
    [[nodiscard]] std::span<const Index> children(Index index) const;

    /// Its parent is pid 1, gone, a program that adopts orphans (systemd --user, tini …), or one that
    /// cannot have been its first, by its session.
    [[nodiscard]] bool reparented(Index index) const;

  private:
    [[nodiscard]] std::optional<Index> claimed_parent(Index index) const;
    void break_cycles();

    const std::vector<Process>& processes_;
    std::unordered_map<pid_t, Index> by_pid_;
    std::vector<std::optional<Index>> parents_;
    std::vector<Index> child_order_;        // All children, one parent's after the other's.
    std::vector<std::size_t> child_begin_;  // Where each process's children begin; one more at the end.
};

/// Programs that adopt the orphans below them, by comm: init systems, container inits and shims.
bool adopts_orphans(pid_t pid, std::string_view comm);
inline bool adopts_orphans(const Process& process) {
    return adopts_orphans(process.id.pid, process.comm);
}

}  // namespace reaper::scan
