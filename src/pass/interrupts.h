// Waiting that SIGINT, SIGTERM and SIGHUP end in an orderly way.
#pragma once

#include <optional>

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"

namespace reaper::pass {

/// While one lives, the three signals are blocked and only noticed by wait_until: what is being
/// written is never cut in the middle. They stay blocked afterwards; the program is about to end.
class Interrupts {
  public:
    static Result<Interrupts> block();

    /// Sleeps until that moment; the signal's number where one came first.
    [[nodiscard]] std::optional<int> wait_until(MonotonicTime moment) const;

    /// Readable when one of the signals has come.
    [[nodiscard]] int fd() const { return fd_.get(); }

  private:
    explicit Interrupts(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

MonotonicTime now();

}  // namespace reaper::pass
