// Who is told of every action, before it happens and after (docs/architecture.md, safety rule 7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "enforce/outcome.h"

namespace reaper::enforce {

/// Implemented by report/history, and in tests. Never throws, and never stops an action: where recording
/// fails it says so once, loudly, through trouble(), and takes the rest in silence.
class Recorder {
  public:
    /// Names one action in the record; 0 where it could not be recorded.
    using Entry = std::int64_t;

    virtual ~Recorder() = default;

    /// Before the first signal. On disk when it returns, as far as the disk does its work.
    virtual Entry intend(const Order& order) = 0;
    /// After it. `entry` is what intend() returned.
    virtual void conclude(Entry entry, const Order& order, const Outcome& outcome) = 0;

    /// What went wrong with recording since it was last asked, in a sentence; nothing where all is well.
    virtual std::optional<std::string> trouble() = 0;
};

}  // namespace reaper::enforce
