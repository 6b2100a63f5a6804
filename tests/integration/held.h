// Processes whose end is awaited, whatever becomes of their pids.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <set>

#include "base/unique_fd.h"

namespace reaper::integration {

class Held {
  public:
    explicit Held(const std::set<pid_t>& pids) { add(pids); }
    void add(const std::set<pid_t>& pids);
    /// Those that have not ended within the time.
    std::set<pid_t> left_after(std::chrono::milliseconds time);

  private:
    std::map<pid_t, UniqueFd> processes_;
};

}  // namespace reaper::integration
