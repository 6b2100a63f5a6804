// Processes that have lost their parent, by the pipes and sockets on their descriptors 0 and 1: a
// browser's crash handler is found by what it shares with its server's helpers.
//
// Internal to scan/.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

namespace reaper::scan {

class LoneProcesses {
  public:
    using Inodes = std::array<std::uint64_t, 2>;  ///< 0: neither a pipe nor a socket.

    void set(pid_t pid, const Inodes& inodes) {
        remove(pid);
        if (inodes == Inodes{}) return;
        by_pid_.emplace(pid, inodes);
        for (const std::uint64_t inode : inodes) {
            if (inode != 0) by_inode_[inode].insert(pid);
        }
    }

    void remove(pid_t pid) {
        const auto found = by_pid_.find(pid);
        if (found == by_pid_.end()) return;
        for (const std::uint64_t inode : found->second) {
            const auto holders = by_inode_.find(inode);
            if (holders == by_inode_.end()) continue;
            holders->second.erase(pid);
            if (holders->second.empty()) by_inode_.erase(holders);
        }
        by_pid_.erase(found);
    }

    /// Visits the pids of those that have this pipe or socket.
    template <typename Visit>
    void each_with(std::uint64_t inode, const Visit& visit) const {
        const auto holders = by_inode_.find(inode);
        if (holders == by_inode_.end()) return;
        for (const pid_t pid : holders->second) visit(pid);
    }

  private:
    std::unordered_map<pid_t, Inodes> by_pid_;
    std::unordered_map<std::uint64_t, std::unordered_set<pid_t>> by_inode_;
};

}  // namespace reaper::scan
