// Live processes beside those that are acted on: nothing may become of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace reaper::integration {

/// What a process was, as far as somebody else could change it.
struct Bystander {
    std::uint64_t start = 0;
    std::string name;
    std::string cgroup;   ///< /proc/PID/cgroup
    std::string pending;  ///< Signals that were sent to it and are blocked.
    bool stopped = false;
};

class Bystanders {
  public:
    /// As they are now; zombies are left out.
    explicit Bystanders(const std::set<pid_t>& pids);

    /// Fails the test for each that has ended, was stopped or continued, has a signal waiting, or is in
    /// another control group.
    void expect_untouched() const;

    [[nodiscard]] std::set<pid_t> pids() const;

  private:
    std::map<pid_t, Bystander> before_;
};

}  // namespace reaper::integration
