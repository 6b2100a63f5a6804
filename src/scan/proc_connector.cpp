#include "scan/proc_connector.h"

// Order matters: the kernel's headers need sys/socket.h before them.
#include <sys/socket.h>
//
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace reaper::scan {
namespace {

constexpr const char* kAction = "listen to";
constexpr const char* kSubject = "the process connector";

// Kinds of events: an enum that newer headers have moved.
constexpr std::uint32_t kNone = 0;
constexpr std::uint32_t kFork = 1;
constexpr std::uint32_t kExec = 2;
constexpr std::uint32_t kUid = 4;
constexpr std::uint32_t kSid = 0x80;
constexpr std::uint32_t kComm = 0x200;
constexpr std::uint32_t kExit = 0x8000'0000;

// Offsets in struct proc_event, which differs in size from kernel to kernel: what, cpu, a time of eight
// bytes, then what happened to whom.
constexpr std::size_t kFirst = 16;   // pid of a thread; of a fork its parent's
constexpr std::size_t kSecond = 20;  // its process
constexpr std::size_t kThird = 24;   // of a fork: the new thread
constexpr std::size_t kFourth = 28;  //            its process

template <typename Value>
std::optional<Value> value_at(std::span<const std::byte> bytes, std::size_t offset) {
    if (bytes.size() < offset + sizeof(Value)) return std::nullopt;
    Value value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

struct Pids {
    pid_t thread = 0;
    pid_t process = 0;
};

Pids pids_at(std::span<const std::byte> event, std::size_t thread, std::size_t process) {
    return {value_at<pid_t>(event, thread).value_or(0), value_at<pid_t>(event, process).value_or(0)};
}

void add_event(std::span<const std::byte> event, std::uint32_t what, std::vector<ProcessEvent>& events) {
    using Kind = ProcessEvent::Kind;
    const auto add = [&](Kind kind, Pids pids, bool only_leader) {
        if (pids.process <= 0 || (only_leader && pids.thread != pids.process)) return;
        events.push_back({kind, pids.process});
    };
    const Pids itself = pids_at(event, kFirst, kSecond);
    switch (what) {
        case kFork:
            return add(Kind::began, pids_at(event, kThird, kFourth), true);
        case kExec:
            return add(Kind::executed, itself, false);
        case kUid:
            return add(Kind::user_changed, itself, false);
        case kSid:
            return add(Kind::session_changed, itself, false);
        case kComm:
            return add(Kind::renamed, itself, true);  // Threads have names of their own.
        case kExit:
            return add(Kind::ended, itself, true);
        default:
            return;
    }
}

/// One struct cn_msg.
void parse_message(std::span<const std::byte> message, ConnectorText& text) {
    cn_msg header;
    if (message.size() < sizeof header) return;
    std::memcpy(&header, message.data(), sizeof header);
    if (header.id.idx != CN_IDX_PROC || header.id.val != CN_VAL_PROC) return;
    const auto event = message.subspan(sizeof header);
    if (header.len > event.size()) return;
    const auto what = value_at<std::uint32_t>(event.first(header.len), 0);
    if (!what) return;
    if (*what == kNone) {
        if (value_at<std::uint32_t>(event.first(header.len), kFirst) == 0U) text.confirms = header.ack;
        return;
    }
    add_event(event.first(header.len), *what, text.events);
}

/// Any number that other listeners are not likely to use at the same moment: their answers come to us
/// as well.
std::uint32_t number_of(int socket) {
    return static_cast<std::uint32_t>(::getpid()) << 8U | (static_cast<std::uint32_t>(socket) & 0xffU);
}

bool say(int socket, proc_cn_mcast_op operation, std::uint32_t number) {
    // One behind the other; cn_msg ends with an array of no size, so no struct can hold all three.
    nlmsghdr header{};
    cn_msg connector{};
    std::array<char, sizeof header + sizeof connector + sizeof operation> message{};
    header.nlmsg_len = message.size();
    header.nlmsg_type = NLMSG_DONE;
    connector.id = {CN_IDX_PROC, CN_VAL_PROC};
    connector.ack = number - 1;  // The answer has one more; its seq is a count of the kernel's own.
    connector.len = sizeof operation;
    std::memcpy(message.data(), &header, sizeof header);
    std::memcpy(message.data() + sizeof header, &connector, sizeof connector);
    std::memcpy(message.data() + sizeof header + sizeof connector, &operation, sizeof operation);
    return ::send(socket, message.data(), message.size(), 0) == static_cast<ssize_t>(message.size());
}

void set_receive_buffer(int socket, Bytes size) {
    const int bytes = static_cast<int>(size.value);
    if (::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0)
        ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

}  // namespace

void parse_connector(std::span<const std::byte> datagram, ConnectorText& text) {
    while (datagram.size() >= sizeof(nlmsghdr)) {
        nlmsghdr header;
        std::memcpy(&header, datagram.data(), sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) return;
        if (header.nlmsg_type == NLMSG_DONE)
            parse_message(datagram.first(header.nlmsg_len).subspan(NLMSG_HDRLEN), text);
        datagram =
            datagram.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), datagram.size()));
    }
}

/// Room for what one recvmmsg brings: 0.7 to 1.0 µs an event, one by one it is 5 to 9.
struct ProcConnector::Batch {
    static constexpr std::size_t kDatagrams = 64;
    static constexpr std::size_t kBytes = 512;  // An event takes 76 to 84.

    std::array<std::array<std::byte, kBytes>, kDatagrams> bytes;
    std::array<sockaddr_nl, kDatagrams> senders;
    std::array<iovec, kDatagrams> vectors;
    std::array<mmsghdr, kDatagrams> messages;

    Batch() {
        for (std::size_t i = 0; i < kDatagrams; ++i) {
            vectors[i] = {bytes[i].data(), kBytes};
            messages[i] = {};
            messages[i].msg_hdr.msg_iov = &vectors[i];
            messages[i].msg_hdr.msg_iovlen = 1;
            messages[i].msg_hdr.msg_name = &senders[i];
        }
    }

    int receive(int socket, std::size_t most) {
        const auto count = static_cast<unsigned>(std::min(most, kDatagrams));
        for (unsigned i = 0; i < count; ++i) messages[i].msg_hdr.msg_namelen = sizeof(sockaddr_nl);
        return ::recvmmsg(socket, messages.data(), count, MSG_DONTWAIT, nullptr);
    }
};

ProcConnector::ProcConnector(UniqueFd socket)
    : socket_(std::move(socket)), batch_(std::make_unique<Batch>()) {}

ProcConnector::ProcConnector(ProcConnector&&) noexcept = default;

ProcConnector::~ProcConnector() {
    if (socket_) say(socket_.get(), PROC_CN_MCAST_IGNORE, 0);
}

Result<ProcConnector> ProcConnector::open(Bytes receive_buffer) {
    UniqueFd socket(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_CONNECTOR));
    if (!socket) return fail_errno(kAction, kSubject, errno);
    set_receive_buffer(socket.get(), receive_buffer);
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = CN_IDX_PROC;
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return fail_errno(kAction, kSubject, errno);
    const std::uint32_t number = number_of(socket.get());
    if (!say(socket.get(), PROC_CN_MCAST_LISTEN, number)) return fail_errno(kAction, kSubject, errno);

    ProcConnector connector(std::move(socket));
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + kPatience;
    ConnectorText text;
    while (text.confirms != number) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
        pollfd waiting{connector.fd(), POLLIN, 0};
        if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0) {
            return fail(kAction, kSubject, "the kernel does not answer: not the host's own namespaces?");
        }
        text.events.clear();
        connector.receive(text, 1);  // Only one: a later answer, to somebody else, would hide ours.
    }
    return connector;
}

ProcConnector::Received ProcConnector::receive(ConnectorText& text, std::size_t most) {
    Received received;
    while (received.datagrams < most) {
        const std::size_t wanted = std::min(most - received.datagrams, Batch::kDatagrams);
        const int count = batch_->receive(socket_.get(), wanted);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == ENOBUFS) {
            received.lost = true;  // Said once; what came before and after it is still to be had.
            continue;
        }
        // Until there is nothing: recvmmsg(2) puts a loss that it meets behind other datagrams off to
        // the next call, and while the queue has not been empty once the kernel tells of no further
        // loss.
        if (count <= 0) break;
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            if (batch_->senders[i].nl_pid != 0) continue;  // Not the kernel.
            parse_connector(std::span(batch_->bytes[i]).first(batch_->messages[i].msg_len), text);
        }
        received.datagrams += static_cast<std::size_t>(count);
    }
    return received;
}

}  // namespace reaper::scan
