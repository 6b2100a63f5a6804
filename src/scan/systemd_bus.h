// Connections to a systemd manager: where it is found, and reaching it in bounded time.
#pragma once

#include <chrono>
#include <memory>
#include <string>

struct sd_bus;
struct sd_bus_message;

namespace reaper::scan {

/// Where managers are found. The defaults are the host's; tests put their own in.
struct SystemdPlaces {
    std::string booted = "/run/systemd/system";  ///< Exists where systemd runs the host (sd_booted(3)).
    std::string system_private = "/run/systemd/private";  ///< A manager's own socket: no bus needed.
    std::string system_bus = "/run/dbus/system_bus_socket";
    std::string user_directory = "/run/user";  ///< Below it UID/systemd/private and UID/bus.
};

struct CloseBus {
    void operator()(sd_bus* bus) const;
};
struct UnrefMessage {
    void operator()(sd_bus_message* message) const;
};
using Bus = std::unique_ptr<sd_bus, CloseBus>;
using Message = std::unique_ptr<sd_bus_message, UnrefMessage>;

inline constexpr const char* kSystemdName = "org.freedesktop.systemd1";
inline constexpr const char* kSystemdPath = "/org/freedesktop/systemd1";

/// Connects to the socket, through_bus where it is a message bus's and not the manager's own. Null where
/// nobody answers there within `patience`.
Bus connect_bus(const std::string& path, bool through_bus, std::chrono::microseconds patience);

}  // namespace reaper::scan
