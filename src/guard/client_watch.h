// Whether the client is still there: who started us, or the maker of our stdin's socket pair where that
// is somebody else (a launching script in between).
//
// A closed stdin says so too, but not always: a sibling of the server may hold the other end of a pipe
// whose client was killed.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/process_id.h"
#include "base/unique_fd.h"

namespace reaper::guard {

class ClientWatch {
  public:
    /// Our parent, if we have one that counts.
    static ClientWatch parent();

    /// Readable when it has ended; -1 where nobody is watched.
    [[nodiscard]] int fd() const { return process_.get(); }
    [[nodiscard]] std::optional<ProcessId> id() const { return id_; }

    /// Its end was told: watches the maker of `stdin_fd` from now on, if that is another process that
    /// lives. False where there is none.
    bool follow_maker(int stdin_fd);
    /// Nobody is watched any more.
    void stop() { process_.close(); }

  private:
    bool watch(pid_t pid);
    UniqueFd process_;
    std::optional<ProcessId> id_;
};

}  // namespace reaper::guard
