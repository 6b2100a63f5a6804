// Sockets of this process's own network namespace, asked of the kernel by netlink (sock_diag(7)).
// Needs no privilege: it answers about everybody's sockets, but only in our namespace.
//
// Internal to scan/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace reaper::scan {

/// A socket that somebody listens on: "tcp 127.0.0.1:8931", "tcp [::1]:9009", "unix /run/x.sock".
struct ListeningSocket {
    std::uint64_t inode = 0;
    std::string text;
};

/// What the kernel knows of one unix socket.
struct UnixSocket {
    bool stream = false;  ///< SOCK_STREAM or SOCK_SEQPACKET.
    bool connected = false;
    bool listening = false;
    bool hung_up = false;  ///< Shut down both ways: what poll shows as HUP. For good.
    bool has_peer = false;
};

class SockDiag {
  public:
    /// The unix socket with this inode; ENOENT as errno_code where it is not one of this namespace.
    Result<UnixSocket> find_unix(std::uint64_t inode);

    /// Listening TCP (v4 and v6) and unix sockets.
    Result<std::vector<ListeningSocket>> listening();

  private:
    using Handler = std::function<void(std::span<const std::byte>)>;
    /// Sends one request and hands every answer's payload to `handle`.
    Result<void> ask(std::span<const std::byte> request, bool dump, const Handler& handle);

    UniqueFd socket_;  ///< Opened at the first question.
};

/// How addresses are written; `address` is 4 or 16 bytes in network order.
std::string tcp_text(std::span<const std::byte> address, std::uint16_t port);
/// `name` as in sockaddr_un: abstract names start with NUL; empty for an unnamed socket.
std::string unix_text(std::string_view name);

}  // namespace reaper::scan
