// One actor at a time: two of us, each with a budget and a plan of its own, would be one too many.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace reaper::pass {

/// Who holds it, for those who come after.
enum class ActorKind {
    command,  ///< Will be through in a moment.
    daemon,   ///< Stays.
};

class ActorLock {
  public:
    /// Waits for another one to finish, but not for longer than `patience`, nor when `stop` is readable
    /// (-1: never), nor at all where a daemon has it; then the Error names it.
    static Result<ActorLock> take(const std::string& path, std::chrono::milliseconds patience, int stop,
                                  ActorKind kind = ActorKind::command);

  private:
    explicit ActorLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;  ///< The lock goes with it, also when we are killed.
};

}  // namespace reaper::pass
