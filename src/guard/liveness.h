// Whether a server still answers. Pure.
//
// Whatever it says is a sign of life. Where it has said nothing for a while, and the protocol revision
// has pings, it is pinged; three in a row that it leaves unanswered are a hang, but never while a
// request of its client is under way that is younger than its time-out: a call may keep a server busy.
// Revisions without pings: a request that is unanswered for its time-out while nothing else was heard.
#pragma once

#include <optional>

#include "base/units.h"
#include "guard/settings.h"

namespace reaper::guard {

class Liveness {
  public:
    explicit Liveness(const Settings& settings) : settings_(settings) {}

    static constexpr unsigned kMisses = 3;

    /// The server is ready. `pings`: the negotiated revision has them.
    void begin(MonotonicTime now, bool pings);
    /// There is no server to watch.
    void end() { watching_ = false; }
    void heard(MonotonicTime now);

    struct Due {
        bool ping = false;
        bool hung = false;
        std::optional<MonotonicTime> next;  ///< To be asked again then, if not before.
    };
    /// `oldest`: since when the client has waited for an answer.
    Due check(MonotonicTime now, std::optional<MonotonicTime> oldest);

    [[nodiscard]] unsigned misses() const { return misses_; }

  private:
    void forgive_lateness(MonotonicTime now);
    Due check_pings(MonotonicTime now, std::optional<MonotonicTime> oldest);
    [[nodiscard]] bool may_be_busy(MonotonicTime now, std::optional<MonotonicTime> oldest) const;

    Settings settings_;
    bool watching_ = false;
    bool pings_ = false;
    MonotonicTime heard_{};
    std::optional<MonotonicTime> pinged_;
    unsigned misses_ = 0;
    std::optional<MonotonicTime> expected_;  ///< When we wanted to be asked.
};

/// Whether a protocol revision has `ping` ("2025-11-25" was the last). An empty one has not.
bool has_ping(std::string_view revision);

}  // namespace reaper::guard
