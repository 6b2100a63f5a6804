// One health request: HTTP GET, and whether the answer is a good one.
//
// Internal to daemon/health_*.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "daemon/health_address.h"

namespace reaper::daemon {

/// A request under way. One that is dropped, or whose `cancel` is called, tells nobody anything more.
class HealthProbe {
  public:
    /// Why the answer is no good one: "no answer within 5 s on port 8931"; empty where it is.
    using Done = std::function<void(std::string why)>;

    HealthProbe() = default;
    virtual ~HealthProbe() = default;
    HealthProbe(const HealthProbe&) = delete;
    HealthProbe& operator=(const HealthProbe&) = delete;

    virtual void cancel() = 0;
};

/// Asks, and calls `done` once from `loop`, never from within this call. A good answer has a status of
/// 2xx or 3xx; redirects are not followed. `timeout` is from the call to the end of the answer's head,
/// of which no more than 64 KiB is read; its body never is, for it may have no end (an event stream).
std::shared_ptr<HealthProbe> ask_health(boost::asio::io_context& loop, const HealthAddress& address,
                                        std::chrono::milliseconds timeout, HealthProbe::Done done);

}  // namespace reaper::daemon
