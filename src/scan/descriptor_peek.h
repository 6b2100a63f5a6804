// A quick look at what a process has on a descriptor, to tell whether a closer
// look is worth it.
//
// Internal to scan/.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/unique_fd.h"

namespace reaper::scan {

/// Not verified: between two calls a pid may become another process. Nothing
/// found here is evidence.
class DescriptorPeek {
  public:
    DescriptorPeek();

    /// False where descriptor `number` is closed, a file, a device or a terminal;
    /// true for a pipe or a socket, and where it may not be looked at.
    [[nodiscard]] bool may_be_connected(pid_t pid, int number) const;

    /// Empty where it may not be looked at.
    [[nodiscard]] std::string working_directory(pid_t pid) const;

  private:
    UniqueFd proc_;
};

}  // namespace reaper::scan
