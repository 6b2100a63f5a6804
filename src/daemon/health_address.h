// Where a server is asked for its health: what its type names, and what it listens on. Pure.
//
// Internal to daemon/health_*.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reaper::daemon {

/// One place to ask. Always on this host.
struct HealthAddress {
    bool v6 = false;  ///< ::1, else 127.0.0.1.
    std::uint16_t port = 0;
    std::string host;    ///< For the request's Host field: "127.0.0.1:8931".
    std::string target;  ///< "/health"

    bool operator==(const HealthAddress&) const = default;
};

/// A server is asked on no more sockets than this.
inline constexpr std::size_t kMaxHealthAddresses = 4;

/// Where `http` (policy::HealthRequest) leads to of what a server listens on (scan::Server::listening).
/// Only its own sockets, and only those that the address reaches: a port that is somebody else's says
/// nothing of it. Empty where there are none.
std::vector<HealthAddress> health_addresses(const std::string& http,
                                            const std::vector<std::string>& listening);

}  // namespace reaper::daemon
