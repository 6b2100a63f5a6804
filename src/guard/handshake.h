// What client and server have agreed on, so that a new process of the server can be told the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "guard/envelope.h"
#include "guard/kept_request.h"

namespace reaper::guard {

class Handshake {
  public:
    /// A message of the client that goes to the server, now or when there is one again.
    void client_said(std::string_view line, const Envelope& message);
    /// The server's answer to `method`.
    void server_answered(std::string_view method, std::string_view line, const Envelope& answer);

    /// `initialize` was answered with a result.
    [[nodiscard]] bool agreed() const { return agreed_; }
    [[nodiscard]] const std::string& revision() const { return revision_; }

    /// The client's `initialize` under an id of ours; nothing where it never said so.
    [[nodiscard]] std::optional<std::string> initialize_again(std::string_view id) const;
    /// The client's notification that it is initialized, if it has sent it.
    [[nodiscard]] const std::string& initialized() const { return initialized_; }

    /// The client has listed the tools.
    [[nodiscard]] bool knows_tools() const { return tools_.has_value(); }
    /// Whether this list is another than the one that the client knows; it is known from now on.
    bool tools_differ(std::string_view line);

  private:
    std::optional<KeptRequest> initialize_;
    std::string initialized_;
    std::string revision_;
    bool agreed_ = false;
    std::optional<std::uint64_t> tools_;  ///< Digest of the list.
};

}  // namespace reaper::guard
