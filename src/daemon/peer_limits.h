// Who has how many connections, and asks how often. Pure: the time comes in.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>

#include "daemon/control_bounds.h"
#include "daemon/control_json.h"

namespace reaper::daemon {

class PeerLimits {
  public:
    using Moment = std::chrono::steady_clock::time_point;

    explicit PeerLimits(const ControlBounds& bounds) : bounds_(bounds) {}

    /// One more connection of this user; counted where it is not refused.
    std::optional<Refusal> connect(uid_t uid, Moment now);
    void disconnect(uid_t uid);
    /// One more request. A user who has asked little may ask `requests_per_minute` at once; from then on
    /// as many a minute.
    std::optional<Refusal> request(uid_t uid, Moment now);

    [[nodiscard]] std::size_t connections() const { return connections_; }

  private:
    struct User {
        std::size_t connections = 0;
        double left = 0;  ///< Requests that may be made now.
        Moment counted{};
    };

    User& user(uid_t uid, Moment now);
    void forget_idle(Moment now);
    [[nodiscard]] std::chrono::seconds wait_of(const User& user) const;

    ControlBounds bounds_;
    std::map<uid_t, User> users_;
    std::size_t connections_ = 0;
};

}  // namespace reaper::daemon
