// The last events, for who asks for them now, and each new one for who follows.
//
// For a follower nothing is kept: it is called with each event, and whoever writes to a slow reader
// bounds what waits for it and drops it (event_feed). What is kept is bounded in number and in bytes.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "report/event.h"

namespace reaper::daemon {

struct StreamBounds {
    std::size_t events = 1000;
    std::size_t bytes = 1024 * 1024;  ///< Of their lines.
    std::size_t subscribers = 256;
};

class EventStream {
  public:
    using Deliver = std::function<void(std::string_view line)>;
    using Subscription = std::uint64_t;  ///< 0 is none.

    explicit EventStream(StreamBounds bounds = {}) : bounds_(bounds) {}

    /// `line` is the event's, without a newline.
    void push(const report::Event& event, std::string line);

    /// Calls `deliver`, before this returns, with the events that are kept and newer than the one whose
    /// id is `after` (all that are kept where it is empty or not known any more), and from then on with
    /// each new one. `only`: the events about this user's servers; absent: all. 0 where there are as
    /// many subscribers as may be. `deliver` may unsubscribe itself.
    Subscription subscribe(std::optional<uid_t> only, std::string_view after, Deliver deliver);
    /// Its `deliver` is not called again.
    void unsubscribe(Subscription subscription);

    /// Oldest first; for who does not follow.
    void replay(std::optional<uid_t> only, std::string_view after, const Deliver& deliver) const;

    [[nodiscard]] std::size_t size() const { return kept_.size(); }
    [[nodiscard]] std::size_t subscribers() const { return subscribers_.size(); }

  private:
    struct Kept {
        std::string id;
        uid_t uid = 0;
        std::string line;
    };
    struct Subscriber {
        std::optional<uid_t> only;
        std::shared_ptr<const Deliver> deliver;
    };

    StreamBounds bounds_;
    std::deque<Kept> kept_;
    std::size_t bytes_ = 0;
    std::map<Subscription, Subscriber> subscribers_;
    Subscription last_ = 0;
};

}  // namespace reaper::daemon
