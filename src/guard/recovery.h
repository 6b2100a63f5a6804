// When a server that has failed is started again, and when that is given up for a while. Pure.
//
// Restarts wait ever longer, and are counted until the server has run for a healthy period. Where they
// are used up, or where too much fails in too short a time, the breaker opens: nothing is started for a
// while, then one is, to see (half open). If that one answers, the breaker closes.
#pragma once

#include <deque>
#include <string_view>

#include "base/units.h"
#include "guard/settings.h"

namespace reaper::guard {

enum class Breaker { closed, open, half_open };
std::string_view to_string(Breaker breaker);

class Recovery {
  public:
    explicit Recovery(const Settings& settings) : settings_(settings) {}

    void started(MonotonicTime now);
    /// It has answered its client, or our replay.
    void answered();

    struct Next {
        bool restart = false;  ///< At `at`. Otherwise the breaker is open until then.
        MonotonicTime at{};
    };
    /// It has ended unasked.
    Next failed(MonotonicTime now);

    enum class Measure { restart_gently, restart_hard, give_up };
    /// It hangs: what is done about it. Its end then counts as failed().
    Measure hung(MonotonicTime now);

    /// The pause of an open breaker is over.
    void try_once() { breaker_ = Breaker::half_open; }

    [[nodiscard]] Breaker breaker() const { return breaker_; }
    /// Since the last healthy period.
    [[nodiscard]] unsigned restarts() const { return restarts_; }

  private:
    void forget_if_healthy(MonotonicTime now);
    [[nodiscard]] std::chrono::milliseconds backoff() const;

    Settings settings_;
    MonotonicTime started_{};
    std::deque<MonotonicTime> failures_;
    unsigned restarts_ = 0;
    unsigned hangs_ = 0;
    bool give_up_ = false;
    Breaker breaker_ = Breaker::closed;
};

}  // namespace reaper::guard
