#include "scan/sock_diag.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace reaper::scan {
namespace {

// The kernel's TCP states, which unix sockets borrow (include/net/tcp_states.h; not exported).
constexpr int kEstablished = 1;
constexpr int kListen = 10;

template <typename Payload>
struct Request {
    nlmsghdr header{};
    Payload payload{};
};

template <typename Payload>
std::span<const std::byte> bytes_of(const Request<Payload>& request) {
    return std::as_bytes(std::span(&request, 1));
}

/// Copies the fixed part of an answer; false where it is too short for it.
template <typename Message>
bool read_fixed(std::span<const std::byte> payload, Message& message) {
    if (payload.size() < sizeof message) return false;
    std::memcpy(&message, payload.data(), sizeof message);
    return true;
}

/// The attributes after the fixed part of an answer.
template <typename Visit>
void for_each_attribute(std::span<const std::byte> rest, const Visit& visit) {
    while (rest.size() >= sizeof(rtattr)) {
        rtattr attribute;
        std::memcpy(&attribute, rest.data(), sizeof attribute);
        if (attribute.rta_len < sizeof attribute || attribute.rta_len > rest.size()) return;
        visit(attribute.rta_type, rest.subspan(sizeof attribute, attribute.rta_len - sizeof attribute));
        rest = rest.subspan(std::min<std::size_t>(RTA_ALIGN(attribute.rta_len), rest.size()));
    }
}

Request<inet_diag_req_v2> tcp_listeners(std::uint8_t family) {
    Request<inet_diag_req_v2> request;
    request.payload.sdiag_family = family;
    request.payload.sdiag_protocol = IPPROTO_TCP;
    request.payload.idiag_states = 1U << kListen;
    return request;
}

Request<unix_diag_req> unix_request(std::uint32_t show) {
    Request<unix_diag_req> request;
    request.payload.sdiag_family = AF_UNIX;
    request.payload.udiag_show = show;
    request.payload.udiag_cookie[0] = INET_DIAG_NOCOOKIE;
    request.payload.udiag_cookie[1] = INET_DIAG_NOCOOKIE;
    return request;
}

void add_tcp(std::span<const std::byte> payload, std::vector<ListeningSocket>& found) {
    inet_diag_msg message;
    if (!read_fixed(payload, message)) return;
    const std::size_t length = message.idiag_family == AF_INET6 ? 16 : 4;
    const auto address = std::as_bytes(std::span(message.id.idiag_src)).first(length);
    found.push_back({message.idiag_inode, tcp_text(address, ntohs(message.id.idiag_sport))});
}

void add_unix(std::span<const std::byte> payload, std::vector<ListeningSocket>& found) {
    unix_diag_msg message;
    if (!read_fixed(payload, message)) return;
    std::string name;
    for_each_attribute(payload.subspan(sizeof message), [&](int type, std::span<const std::byte> value) {
        if (type == UNIX_DIAG_NAME)
            name.assign(reinterpret_cast<const char*>(value.data()), value.size());
    });
    found.push_back({message.udiag_ino, unix_text(name)});
}

}  // namespace

std::string tcp_text(std::span<const std::byte> address, std::uint16_t port) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool v6 = address.size() == 16;
    ::inet_ntop(v6 ? AF_INET6 : AF_INET, address.data(), text.data(), text.size());
    const std::string host = v6 ? '[' + std::string(text.data()) + ']' : std::string(text.data());
    return "tcp " + host + ':' + std::to_string(port);
}

std::string unix_text(std::string_view name) {
    if (name.empty()) return "unix";
    if (name.front() != '\0') return "unix " + std::string(name.substr(0, name.find('\0')));
    std::string text = "unix " + std::string(name);  // Abstract: NULs are part of it, shown as @.
    std::replace(text.begin(), text.end(), '\0', '@');
    return text;
}

Result<UnixSocket> SockDiag::find_unix(std::uint64_t inode) {
    auto request = unix_request(UDIAG_SHOW_PEER);
    request.payload.udiag_ino = static_cast<std::uint32_t>(inode);
    request.payload.udiag_states = ~0U;
    std::optional<UnixSocket> found;
    const auto asked = ask(bytes_of(request), false, [&](std::span<const std::byte> payload) {
        unix_diag_msg message;
        if (!read_fixed(payload, message) || message.udiag_ino != static_cast<std::uint32_t>(inode))
            return;
        UnixSocket socket;
        socket.stream = message.udiag_type == SOCK_STREAM || message.udiag_type == SOCK_SEQPACKET;
        socket.connected = message.udiag_state == kEstablished;
        socket.listening = message.udiag_state == kListen;
        for_each_attribute(payload.subspan(sizeof message),
                           [&](int type, std::span<const std::byte> value) {
                               if (type == UNIX_DIAG_SHUTDOWN && !value.empty()) {
                                   socket.hung_up = (std::to_integer<int>(value.front()) & 3) == 3;
                               }
                               std::uint32_t peer = 0;
                               if (type == UNIX_DIAG_PEER && read_fixed(value, peer))
                                   socket.has_peer = peer != 0;
                           });
        found = socket;
    });
    if (!asked) return tl::unexpected(asked.error());
    if (!found) return fail_errno("ask for unix socket", std::to_string(inode), ENOENT);
    return *found;
}

Result<std::vector<ListeningSocket>> SockDiag::listening() {
    std::vector<ListeningSocket> found;
    for (const int family : {AF_INET, AF_INET6}) {
        const auto request = tcp_listeners(static_cast<std::uint8_t>(family));
        const auto asked = ask(bytes_of(request), true,
                               [&](std::span<const std::byte> payload) { add_tcp(payload, found); });
        if (!asked) return tl::unexpected(asked.error());
    }
    auto request = unix_request(UDIAG_SHOW_NAME);
    request.payload.udiag_states = 1U << kListen;
    const auto asked = ask(bytes_of(request), true,
                           [&](std::span<const std::byte> payload) { add_unix(payload, found); });
    if (!asked) return tl::unexpected(asked.error());
    return found;
}

Result<void> SockDiag::ask(std::span<const std::byte> request, bool dump, const Handler& handle) {
    const auto failed = [](int code) { return fail_errno("ask the kernel for sockets", "", code); };
    if (!socket_) {
        socket_ = UniqueFd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
        if (!socket_) return failed(errno);
        // The kernel answers within the call; should it ever not, an error is better than to hang.
        const timeval patience{.tv_sec = 1, .tv_usec = 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }

    std::vector<std::byte> message(request.begin(), request.end());
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(message.size());
    header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | (dump ? NLM_F_DUMP : 0));
    std::memcpy(message.data(), &header, sizeof header);
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    if (::sendto(socket_.get(), message.data(), message.size(), 0, reinterpret_cast<sockaddr*>(&kernel),
                 sizeof kernel) < 0) {
        return failed(errno);
    }

    std::vector<std::byte> answers(32 * 1024);
    for (;;) {
        const ssize_t length = ::recv(socket_.get(), answers.data(), answers.size(), 0);
        if (length < 0 && errno == EINTR) continue;
        if (length <= 0) {
            const int code = length == 0 ? EPIPE : errno;
            socket_.close();  // A late answer must not be taken for that of the next question.
            return failed(code);
        }
        std::span<const std::byte> rest(answers.data(), static_cast<std::size_t>(length));
        while (rest.size() >= sizeof header) {
            std::memcpy(&header, rest.data(), sizeof header);
            if (header.nlmsg_len < sizeof header || header.nlmsg_len > rest.size()) break;
            const auto payload = rest.subspan(sizeof header, header.nlmsg_len - sizeof header);
            if (header.nlmsg_type == NLMSG_DONE) return {};
            if (header.nlmsg_type == NLMSG_ERROR) {
                nlmsgerr error{};
                if (!read_fixed(payload, error)) return failed(EPROTO);
                if (error.error != 0) return failed(-error.error);
                return {};
            }
            if (header.nlmsg_type == SOCK_DIAG_BY_FAMILY) handle(payload);
            rest = rest.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), rest.size()));
        }
        if (!dump) return {};
    }
}

}  // namespace reaper::scan
