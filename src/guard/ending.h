// The end of a server, in the order of the specification: its stdin is closed, it is given time, SIGTERM
// (once more at half the grace time: some close their browser on the first and leave on the second),
// SIGKILL, until nothing of the tree is left. A state machine that never waits by itself.
#pragma once

#include <chrono>
#include <optional>

#include "base/units.h"
#include "guard/tree.h"

namespace reaper::guard {

struct EndTimes {
    std::chrono::milliseconds close_wait{2000};  ///< From the closed stdin to SIGTERM.
    std::chrono::milliseconds grace{10000};      ///< From SIGTERM to SIGKILL.
};

class Ending {
  public:
    enum class From { closed_stdin, sigterm, sigkill };

    /// Nothing happens before step().
    Ending(EndTimes times, From from, MonotonicTime now);

    /// Goes on at once with a later stage; never back.
    void hurry(From from, MonotonicTime now);

    /// Does what is due. When it wants to be called again at the latest (call it too when something has
    /// ended); nothing when it is over.
    std::optional<MonotonicTime> step(Tree& tree, MonotonicTime now);

  private:
    enum class Stage { closed, terminated, insisted, killing };
    MonotonicTime kill(Tree& tree, MonotonicTime now);

    EndTimes times_;
    Stage stage_ = Stage::closed;
    MonotonicTime due_{};  ///< Of the stage that comes next.
};

}  // namespace reaper::guard
