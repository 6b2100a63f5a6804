// What a client was granted and counts on until it says otherwise: a log level, subscriptions. A new
// process of the server is asked the same.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "guard/envelope.h"
#include "guard/kept_request.h"

namespace reaper::guard {

class StandingRequests {
  public:
    /// The lines kept, those that are unanswered among them. What is more is passed on and not
    /// remembered.
    static constexpr std::size_t kMostBytes = 256 * 1024;

    /// A request of the client that goes to the server.
    void client_asks(std::string_view line, const Envelope& message);
    /// The server's answer to a request with this id, whichever it was. Refused, nothing is changed by
    /// it.
    void server_answers(std::string_view id, bool granted);
    /// They were answered with an error, by us.
    void forget_unanswered();

    /// All that holds now, a line each, under ids that `new_id` makes.
    [[nodiscard]] std::vector<std::string> again(const std::function<std::string()>& new_id) const;

  private:
    struct Request {
        std::string subject;              ///< A resource's address; empty: the log level.
        std::optional<KeptRequest> kept;  ///< Absent: a subscription's end.
    };
    using Requests = std::map<std::string, Request>;

    static std::size_t size_of(const Requests& requests);
    /// False where there is no room for it.
    bool put(Requests& requests, const std::string& key, Request request);

    Requests unanswered_;  ///< By canonical id.
    Requests granted_;     ///< By subject.
};

}  // namespace reaper::guard
