// Looks at this host again and again, for as long as the rules of what was found ask for: a one-shot
// command must not act on what it has seen once.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/result.h"
#include "cli/examination.h"
#include "cli/policy_option.h"
#include "pass/interrupts.h"
#include "pass/selection.h"
#include "policy/tracks.h"
#include "scan/sample.h"

namespace reaper::cli {

/// One host, seen several times by one policy.
class Watch {
  public:
    explicit Watch(const ChosenPolicy& policy) : policy_(policy) {}

    /// Only CPU times: the beginning of the first look's window. To be followed by look().
    Result<void> begin();
    /// A look at everything, judged with what has been seen before.
    Result<Examination> look();

    [[nodiscard]] MonotonicTime last_look() const { return last_look_; }
    [[nodiscard]] const ChosenPolicy& policy() const { return policy_; }

  private:
    const ChosenPolicy& policy_;
    std::optional<scan::Sample> before_;
    policy::Tracks tracks_;
    scan::Memory memory_;
    MonotonicTime last_look_{};
};

/// How long to watch, and how it went.
struct WatchOptions {
    std::chrono::milliseconds window{0};   ///< Of the first look.
    std::chrono::milliseconds at_most{0};  ///< Longer than that nobody waits for a rule.
    /// Called between looks with what is still to be seen and how long that takes.
    std::function<void(const Examination&, std::chrono::seconds left)> progress;
};

/// Until nothing that is selected is pending any more, or will be only after `at_most`: the last look.
/// Nothing where a signal came first.
Result<std::optional<Examination>> watch_host(Watch& watch, const pass::Selection& selection,
                                              const WatchOptions& options,
                                              const pass::Interrupts& interrupts);

}  // namespace reaper::cli
