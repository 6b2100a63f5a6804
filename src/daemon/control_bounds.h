// How much the control API puts up with (docs/control-api.md). Tests turn the times down.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace reaper::daemon {

struct ControlBounds {
    std::size_t connections = 100;
    std::size_t connections_per_user = 10;  ///< Not root's.
    std::size_t requests_per_minute = 100;  ///< Of a user, root too.

    std::uint32_t header_bytes = 16 * 1024;
    std::uint64_t body_bytes = 1024 * 1024;
    /// What a reader of the event stream may be behind, beside what the kernel holds for it.
    std::size_t behind_bytes = 512 * 1024;

    std::chrono::milliseconds idle = std::chrono::seconds(60);  ///< From an answer to the next request.
    std::chrono::milliseconds request =
        std::chrono::seconds(15);  ///< For the whole of a request to arrive.
    std::chrono::milliseconds answer = std::chrono::seconds(15);  ///< For what is written to be taken.
    std::chrono::milliseconds lifetime = std::chrono::hours(1);   ///< Of a connection.
    std::chrono::milliseconds heartbeat = std::chrono::seconds(30);
    /// After a connection was refused nobody is let in for so long: who knocks in a loop must not keep
    /// the daemon busy. Nor keep others out: they stand in one queue with all that knock.
    std::chrono::milliseconds refusal_pause{2};
    /// No descriptor is left for a connection: tried again after this.
    std::chrono::milliseconds accept_pause = std::chrono::seconds(1);
};

}  // namespace reaper::daemon
