// Whether one more server of a type may start, and making room where it may not: guards count each other
// by their records (record.h), one at a time (a lock), and ask an idle one to park its server (SIGUSR2,
// through a verified handle). Whether it is idle it decides itself: it knows best.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "base/unique_fd.h"
#include "guard/record.h"

namespace reaper::guard {

class Admission {
  public:
    Admission(const Task& task, ProcessId self, std::optional<ProcessId> client);

    enum class Answer {
        admitted,  ///< Its record is to be written before the lock goes.
        wait,      ///< Somebody else is being asked: try again a little later.
        refused,   ///< why() says so.
    };
    Answer ask(std::int64_t wall_now);
    /// Others may ask again: our record is there, or we do not want any more.
    void done() { lock_.close(); }

    [[nodiscard]] const std::string& why() const { return why_; }

  private:
    [[nodiscard]] bool counts(const Neighbour& neighbour) const;
    bool ask_idle(const std::vector<Neighbour>& others, std::int64_t wall_now);

    const Task& task_;
    ProcessId self_;
    std::string client_;
    UniqueFd lock_;
    std::set<pid_t> asked_;
    std::string why_;
};

}  // namespace reaper::guard
