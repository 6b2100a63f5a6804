// What a client has asked for once and counts on until it says otherwise: a log level, subscriptions. A
// new process of the server is asked the same.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "guard/envelope.h"

namespace reaper::guard {

class StandingRequests {
  public:
    /// More subscriptions than these are passed on and not remembered: memory is bounded.
    static constexpr std::size_t kMost = 1'000;
    /// Nor is a request that is longer than this.
    static constexpr std::size_t kLongest = 8 * 1024;

    /// A request of the client that goes to the server. In a batch it is not remembered.
    void client_asks(std::string_view line, const Envelope& message);

    /// All that holds now, a line each, under ids that `new_id` makes.
    [[nodiscard]] std::vector<std::string> again(const std::function<std::string()>& new_id) const;

  private:
    struct Request {
        std::string line;
        std::size_t id_at = 0;  ///< Where in it its id stands.
        std::size_t id_size = 0;
    };
    static Request request_of(std::string_view line, const Envelope& message);

    std::map<std::string, Request, std::less<>>
        by_subject_;  ///< A resource's address; "": the log level.
};

}  // namespace reaper::guard
