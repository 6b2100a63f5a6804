// A quick look at what a process has on a descriptor, to tell whether a closer
// look is worth it.
//
// Internal to scan/.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/unique_fd.h"

namespace reaper::scan {

/// Not verified: between two calls a pid may become another process. Nothing
/// found here is evidence.
class DescriptorPeek {
  public:
    DescriptorPeek();

    struct Glance {
        /// False where the descriptor is closed, a file, a device or a terminal; true for a pipe or a
        /// socket, and where it may not be looked at.
        bool may_be_connected = true;
        std::uint64_t inode = 0;  ///< Of the pipe or socket.
    };
    [[nodiscard]] Glance look(pid_t pid, int number) const;
    [[nodiscard]] bool may_be_connected(pid_t pid, int number) const {
        return look(pid, number).may_be_connected;
    }

    /// Empty where it may not be looked at.
    [[nodiscard]] std::string working_directory(pid_t pid) const { return link(pid, "cwd"); }
    [[nodiscard]] std::string program_file(pid_t pid) const { return link(pid, "exe"); }

  private:
    [[nodiscard]] std::string link(pid_t pid, const char* name) const;
    UniqueFd proc_;
};

}  // namespace reaper::scan
