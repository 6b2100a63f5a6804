// A request of the client that is said again to a new process of the server, under an id of ours.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "guard/envelope.h"

namespace reaper::guard {

class KeptRequest {
  public:
    /// Nothing where `message` is one of a batch: `line` is more than it then.
    static std::optional<KeptRequest> of(std::string_view line, const Envelope& message);

    [[nodiscard]] std::string under(std::string_view id) const;
    [[nodiscard]] std::size_t size() const { return line_.size(); }

  private:
    std::string line_;
    std::size_t id_at_ = 0;  ///< Where in it its id stands.
    std::size_t id_size_ = 0;
};

}  // namespace reaper::guard
