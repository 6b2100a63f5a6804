// From a plan to the actor and back: what is due and may be begun now, what came of it.
//
// Of the loop's thread. At most one pass of rules is under way; a look that finds more while it is
// waits for the next one.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/actor.h"
#include "daemon/governor.h"
#include "daemon/pause.h"
#include "daemon/retries.h"
#include "report/outcome_report.h"

namespace reaper::daemon {

class Enforcement {
  public:
    /// Told of every outcome that is news: those by hand, and of those by rule what Retries finds worth
    /// it.
    using Tell = std::function<void(const report::Done&)>;
    using Outcomes = std::function<void(std::vector<report::Done>)>;

    /// `held`: what is frozen or throttled already.
    Enforcement(Actor& actor, Pause pause, std::vector<enforce::UndoEntry> held, Tell tell)
        : actor_(actor), pause_(std::move(pause)), held_(std::move(held)), tell_(std::move(tell)) {}

    /// By the rules: what the look finds due, and what is held for a finding that is no more.
    void pass(const Look& look, const scan::Memory& memory, const policy::Policy& policy);

    /// By hand; also while it is paused. Nothing where too many are waiting.
    bool by_hand(std::vector<enforce::Order> orders, const Look& look, const scan::Memory& memory,
                 Outcomes outcomes);
    bool release(std::vector<enforce::UndoEntry> entries, Outcomes outcomes);

    [[nodiscard]] Pause& pause() { return pause_; }
    [[nodiscard]] const std::vector<enforce::UndoEntry>& held() const { return held_; }
    [[nodiscard]] const enforce::BudgetState& budget() const { return budget_; }
    /// A pass that has been under way since then; the epoch where none is.
    [[nodiscard]] MonotonicTime busy_since() const { return busy_since_; }

  private:
    bool give(Job job, Outcomes outcomes);
    void take_back(Came came, bool by_rule, MonotonicTime now);

    Actor& actor_;
    Pause pause_;
    std::vector<enforce::UndoEntry> held_;
    enforce::BudgetState budget_;
    Tell tell_;
    Retries retries_;
    bool under_way_ = false;
    MonotonicTime busy_since_{};
};

/// Orders by hand that may wait for the actor.
inline constexpr std::size_t kMostWaiting = 32;

}  // namespace reaper::daemon
