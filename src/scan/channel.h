// The channel of a server: what is on its descriptors 0 and 1, and whether anybody is at the other end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reaper::scan {

/// What kind of file a descriptor is, from the target of /proc/PID/fd/N.
enum class EndKind {
    unknown,  ///< May not be looked at.
    absent,   ///< The descriptor is closed.
    null_device,
    file,
    terminal,
    pipe,  ///< Anonymous: once hung up it can never open again.
    fifo,  ///< Named: it can.
    unix_socket,
    inet_socket,
    other,
};

enum class EndState {
    unknown,  ///< May not be looked at: the server is kept.
    open,     ///< The peer is there.
    closed,   ///< Hung up for good; only an anonymous pipe or a connected unix socket can be.
    none,     ///< No peer to speak of: /dev/null, a file, a terminal, a closed descriptor.
};

/// One end of the channel, with how it was found out.
struct ChannelEnd {
    EndKind kind = EndKind::unknown;
    EndState state = EndState::unknown;
    std::uint64_t inode = 0;     ///< Of a pipe or socket; 0 for anything else.
    std::string method;          ///< "pidfd_getfd+poll", "open+poll", "sock_diag", "link", or why not.
    std::string events;          ///< What poll said: "HUP", "IN|HUP|RDHUP", "ERR", "" for nothing.
    std::optional<pid_t> maker;  ///< SO_PEERCRED: who made the socket pair. May be dead, pid reused.

    bool operator==(const ChannelEnd&) const = default;
};

/// docs/architecture.md, "channel".
enum class Channel { open, closed, none, unknown };

/// Either end's peer there: open; else either end unknown: unknown; else both closed: closed; else none.
Channel combine(const ChannelEnd& in, const ChannelEnd& out);

std::string_view to_string(EndKind kind);
std::string_view to_string(EndState state);
std::string_view to_string(Channel channel);
std::optional<EndKind> end_kind_from(std::string_view text);
std::optional<EndState> end_state_from(std::string_view text);

}  // namespace reaper::scan
