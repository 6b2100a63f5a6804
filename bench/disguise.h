// Makes this process look like another one in /proc: its command line and its name.
#pragma once

#include <linux/prctl.h>

#include <string>

#include "base/result.h"

namespace reaper::bench {

/// Reads once, in the first process, where the kernel has this program's memory; its forks take over
/// from there. No privilege needed (prctl(2), PR_SET_MM_MAP).
class Disguise {
  public:
    static Result<Disguise> prepare();

    /// From now on /proc/PID/cmdline is `bytes` exactly and /proc/PID/comm the first 15 of `comm`.
    /// Once in a process: the text stays where the kernel reads it.
    [[nodiscard]] bool wear(const std::string& bytes, const std::string& comm) const;

  private:
    prctl_mm_map map_{};
};

}  // namespace reaper::bench
