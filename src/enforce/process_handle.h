// One process, held: the only way in which this program signals.
//
// A handle is a pidfd whose (pid, start time) was verified after it was opened. Whatever becomes of the
// pid, the handle stays with its process; when that has ended, a signal goes nowhere.
#pragma once

#include "base/process_id.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace reaper::enforce {

class ProcessHandle {
  public:
    /// Fails with scan::says_gone() where there is no such process, or another has its pid; with EPERM
    /// as errno_code where we may not signal it. Refuses pid 1 and this process itself.
    static Result<ProcessHandle> open(ProcessId id);

    [[nodiscard]] ProcessId id() const { return id_; }
    /// Readable once it has ended, also while it is a zombie.
    [[nodiscard]] int fd() const { return fd_.get(); }

    /// Fails with scan::says_gone() where it has ended.
    [[nodiscard]] Result<void> signal(int number) const;
    [[nodiscard]] bool ended() const;

    /// Takes the memory of a process that was killed at once, where it is slow to leave
    /// (process_mrelease(2)). An offer: nothing depends on it.
    void release_memory() const;

  private:
    ProcessHandle(ProcessId id, UniqueFd fd) : id_(id), fd_(std::move(fd)) {}
    ProcessId id_;
    UniqueFd fd_;
};

}  // namespace reaper::enforce
