#include "scan/channel_probe.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

extern "C" {  // glibc 2.36 forgot to say so itself
#include <sys/pidfd.h>
}

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <utility>

namespace reaper::scan {
namespace {

constexpr const char* kByDuplicate = "pidfd_getfd+poll";

std::string link_name(int number) {
    return "fd/" + std::to_string(number);
}

std::string text_of(int code) {
    return std::generic_category().message(code);
}

/// "IN|HUP|RDHUP"
std::string event_names(short events) {
    constexpr std::array<std::pair<int, std::string_view>, 7> kNames{{{POLLIN, "IN"},
                                                                      {POLLPRI, "PRI"},
                                                                      {POLLOUT, "OUT"},
                                                                      {POLLHUP, "HUP"},
                                                                      {POLLERR, "ERR"},
                                                                      {POLLRDHUP, "RDHUP"},
                                                                      {POLLNVAL, "NVAL"}}};
    std::string text;
    for (const auto& [event, name] : kNames) {
        if ((events & event) == 0) continue;
        if (!text.empty()) text += '|';
        text += name;
    }
    return text;
}

/// What poll says at this moment; -1 where it fails.
int poll_now(int fd) {
    pollfd entry{.fd = fd, .events = POLLIN | POLLRDHUP, .revents = 0};
    if (::poll(&entry, 1, 0) < 0) return -1;
    return entry.revents;
}

/// What a device file is. Majors from the kernel's Documentation/admin-guide/devices.txt.
EndKind kind_of_device(unsigned major_number, unsigned minor_number) {
    if (major_number == 1 && minor_number == 3) return EndKind::null_device;
    const bool multiplexer =
        major_number == 5 && minor_number == 2;  // /dev/ptmx: a terminal's other side
    const bool console = major_number == 4 || major_number == 5;
    const bool pseudo = major_number >= 136 && major_number <= 143;
    const bool serial = major_number == 166 || major_number == 188 || major_number == 204;
    const bool hypervisor = major_number == 229;
    if ((console && !multiplexer) || pseudo || serial || hypervisor) return EndKind::terminal;
    return EndKind::other;
}

/// What a link that names a path leads to. Asked without synchronising: a hung network file system
/// must not hang the scan.
Result<EndKind> kind_of_path(const ProcessDir& process, const char* name) {
    struct statx file {};
    if (::statx(process.fd(), name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &file) != 0) {
        return process.failed(name, errno);
    }
    if (S_ISCHR(file.stx_mode)) return kind_of_device(file.stx_rdev_major, file.stx_rdev_minor);
    if (S_ISFIFO(file.stx_mode)) return EndKind::fifo;
    if (S_ISREG(file.stx_mode) || S_ISDIR(file.stx_mode) || S_ISBLK(file.stx_mode)) return EndKind::file;
    return EndKind::other;
}

/// A socket, as far as its link tells: among what is neither a path nor a pipe only sockets get an
/// inode.
bool is_socket(const ChannelEnd& end) {
    return end.kind == EndKind::other && end.inode != 0;
}

/// Whether a look at the open file tells more than its link.
bool is_worth_polling(const ChannelEnd& end) {
    return end.kind == EndKind::pipe || end.kind == EndKind::fifo || end.kind == EndKind::terminal ||
           is_socket(end);
}

/// What the two ends of a pipe show: no writer left is HUP on the read end, no reader left ERR on the
/// write end. A descriptor that is open both ways is its own peer and shows neither, ever.
EndState state_of_pipe(int access_mode, int events, EndKind kind) {
    const EndState gone = kind == EndKind::pipe ? EndState::closed : EndState::none;
    if (access_mode == O_RDONLY) return (events & POLLHUP) != 0 ? gone : EndState::open;
    if (access_mode == O_WRONLY) return (events & POLLERR) != 0 ? gone : EndState::open;
    return EndState::unknown;
}

template <typename Value>
std::optional<Value> socket_option(int fd, int option) {
    Value value{};
    socklen_t length = sizeof value;
    if (::getsockopt(fd, SOL_SOCKET, option, &value, &length) != 0) return std::nullopt;
    return value;
}

bool is_connected(int fd) {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) == 0;
}

void read_unix_socket(int fd, int events, ChannelEnd& end) {
    const int type = socket_option<int>(fd, SO_TYPE).value_or(0);
    if (const auto peer = socket_option<ucred>(fd, SO_PEERCRED); peer && peer->pid > 0)
        end.maker = peer->pid;
    if (type != SOCK_STREAM && type != SOCK_SEQPACKET) {
        end.method += " (datagram socket: a peer that goes leaves no trace)";
    } else if (socket_option<int>(fd, SO_ACCEPTCONN).value_or(0) != 0) {
        end.state = EndState::none;
        end.method += " (listening socket)";
    } else if (!is_connected(fd)) {  // One that was never connected shows HUP as well.
        end.method += " (not connected)";
    } else {
        // RDHUP alone is half a close: the client has sent all it wants, and waits for the answer.
        end.state = (events & POLLHUP) != 0 ? EndState::closed : EndState::open;
    }
}

/// Kind and state of a socket, from a descriptor of it.
void read_socket(int fd, int events, ChannelEnd& end) {
    const int domain = socket_option<int>(fd, SO_DOMAIN).value_or(-1);
    if (domain == AF_UNIX) {
        end.kind = EndKind::unix_socket;
        read_unix_socket(fd, events, end);
    } else if (domain == AF_INET || domain == AF_INET6) {
        end.kind = EndKind::inet_socket;
        const bool alive = is_connected(fd) && (events & (POLLHUP | POLLERR)) == 0;
        end.state = alive ? EndState::open : EndState::none;
    } else {
        end.kind = EndKind::other;
    }
}

/// Everything about one end from a descriptor of the same open file, or of the same pipe.
void read_end(int fd, ChannelEnd& end) {
    struct stat file {};
    const bool same = ::fstat(fd, &file) == 0 && (end.inode == 0 || file.st_ino == end.inode);
    const int events = poll_now(fd);
    if (!same || events < 0) {
        end.method += same ? ": it cannot be polled" : ": the descriptor changed under the probe";
        return;
    }
    end.events = event_names(static_cast<short>(events));
    if (end.kind == EndKind::terminal) return;
    if (S_ISSOCK(file.st_mode)) return read_socket(fd, events, end);
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_PATH) != 0) return;
    end.state = state_of_pipe(flags & O_ACCMODE, events, end.kind);
}

/// The access mode of descriptor `name`, from the permissions that its link shows.
int access_mode_of(const ProcessDir& process, const char* name) {
    struct stat link {};
    if (::fstatat(process.fd(), name, &link, AT_SYMLINK_NOFOLLOW) != 0) return -1;
    const bool reads = (link.st_mode & S_IRUSR) != 0;
    const bool writes = (link.st_mode & S_IWUSR) != 0;
    if (reads && writes) return O_RDWR;
    if (reads) return O_RDONLY;
    return writes ? O_WRONLY : -1;
}

/// Opens the pipe behind a descriptor once more, at the same end, and polls that. Works for the same
/// user where pidfd_getfd is refused (yama).
void reopen_pipe(const ProcessDir& process, const char* name, ChannelEnd& end) {
    const int mode = access_mode_of(process, name);
    if (mode != O_RDONLY && mode != O_WRONLY) return;
    const UniqueFd fd(::openat(process.fd(), name, mode | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    const int code = errno;
    end.method = "open+poll";
    if (fd) {
        read_end(fd.get(), end);
        // A FIFO opened afresh does not show that its writers were gone before.
        if (end.kind == EndKind::fifo && mode == O_RDONLY) end.state = EndState::unknown;
    } else if (code == ENXIO && mode == O_WRONLY) {  // fifo(7): there is no reader.
        end.state = end.kind == EndKind::pipe ? EndState::closed : EndState::none;
    } else {
        end.method = "open: " + text_of(code);
    }
}

}  // namespace

Result<ChannelEnds> ChannelProbe::look(const ProcessDir& process, ChannelNumbers numbers) {
    auto in = look_at(process, numbers.in);
    if (!in) return tl::unexpected(in.error());
    auto out = look_at(process, numbers.out);
    if (!out) return tl::unexpected(out.error());
    for (ChannelEnd* end : {&*in, &*out}) {
        if (is_socket(*end)) end->kind = kind_of_socket(process, end->inode);
    }
    return ChannelEnds{std::move(*in), std::move(*out)};
}

Result<ChannelEnds> ChannelProbe::probe(const ProcessDir& process, ChannelNumbers numbers) {
    Subject subject{.process = process};
    auto in = probe_end(subject, numbers.in);
    if (!in) return tl::unexpected(in.error());
    auto out = probe_end(subject, numbers.out);
    if (!out) return tl::unexpected(out.error());
    return ChannelEnds{std::move(*in), std::move(*out)};
}

bool ChannelProbe::unchanged(int pidfd, int number, const ChannelEnd& before) {
    if (!before.method.starts_with(kByDuplicate) || before.inode == 0) return false;
    const UniqueFd duplicate(::pidfd_getfd(pidfd, number, 0));
    struct stat file {};
    if (!duplicate || ::fstat(duplicate.get(), &file) != 0 || file.st_ino != before.inode) return false;
    const int events = poll_now(duplicate.get());
    if (events < 0) return false;
    // What is on its way to be read comes and goes; that changes nothing about an open channel.
    if (before.state == EndState::open) return (events & (POLLHUP | POLLERR | POLLNVAL)) == 0;
    return event_names(static_cast<short>(events)) == before.events;
}

Result<ChannelEnd> ChannelProbe::look_at(const ProcessDir& process, int number) {
    const std::string file = link_name(number);
    const char* const name = file.c_str();
    ChannelEnd end;
    end.method = "link";
    const auto target = process.link(name);
    if (!target) {
        if (says_gone(target.error())) return tl::unexpected(target.error());
        if (target.error().errno_code == ENOENT) {
            end.kind = EndKind::absent;
            end.state = EndState::none;
        } else {
            end.method = "link: " + target.error().reason;
        }
        return end;
    }
    if (const auto pipe = inode_of_link(*target, "pipe")) {
        end.kind = EndKind::pipe;
        end.inode = *pipe;
    } else if (const auto socket = inode_of_link(*target, "socket")) {
        end.inode = *socket;
        end.kind = EndKind::other;  // Of which family its link does not say.
    } else if (!target->starts_with('/')) {
        end.kind = EndKind::other;  // "anon_inode:[eventfd]", "net:[…]"
    } else {
        const auto kind = kind_of_path(process, name);
        if (!kind && says_gone(kind.error())) return tl::unexpected(kind.error());
        if (kind) {
            end.kind = *kind;
        } else {
            end.method = "link: " + kind.error().reason;
        }
    }
    const bool no_peer =
        end.kind == EndKind::null_device || end.kind == EndKind::file || end.kind == EndKind::terminal;
    if (no_peer) end.state = EndState::none;
    return end;
}

Result<ChannelEnd> ChannelProbe::probe_end(Subject& subject, int number) {
    auto end = look_at(subject.process, number);
    if (!end) return end;
    if (!is_worth_polling(*end)) return end;
    if (!std::exchange(subject.asked, true)) subject.pidfd = subject.process.pidfd();
    if (!subject.pidfd) {
        if (says_gone(subject.pidfd.error())) return tl::unexpected(subject.pidfd.error());
        return ask_around(subject.process, number, std::move(*end),
                          "pidfd_open: " + subject.pidfd.error().reason);
    }
    const UniqueFd duplicate(::pidfd_getfd(subject.pidfd->get(), number, 0));
    if (duplicate) {
        end->method = kByDuplicate;
        read_end(duplicate.get(), *end);
        return end;
    }
    const int code = errno;
    if (code == ESRCH) return subject.process.failed("fd", code);
    if (code == EBADF) return look_at(subject.process, number);  // Closed since it was looked at.
    return ask_around(subject.process, number, std::move(*end), "pidfd_getfd: " + text_of(code));
}

Result<ChannelEnd> ChannelProbe::ask_around(const ProcessDir& process, int number, ChannelEnd end,
                                            const std::string& why) {
    if (end.kind == EndKind::terminal) return end;
    end.method = why;
    if (end.kind == EndKind::pipe || end.kind == EndKind::fifo) {
        reopen_pipe(process, link_name(number).c_str(), end);
        return end;
    }
    end.kind = kind_of_socket(process, end.inode);
    if (end.kind != EndKind::unix_socket) return end;
    const auto socket = diag_.find_unix(end.inode);
    if (!socket) return end;
    end.method = "sock_diag";
    if (socket->listening) {
        end.state = EndState::none;
    } else if (socket->stream && socket->connected) {
        // Hung up is what the kernel sets when the peer goes. That the peer has no inode is less: so
        // has one that waits to be accepted.
        if (socket->hung_up) end.state = EndState::closed;
        if (!socket->hung_up && socket->has_peer) end.state = EndState::open;
    }
    return end;
}

EndKind ChannelProbe::kind_of_socket(const ProcessDir& process, std::uint64_t inode) {
    const auto known = socket_kinds_.find(inode);
    if (known != socket_kinds_.end()) return known->second;
    // In another network namespace an inode number of ours could mean another socket.
    const bool ours = sockets_.shares_our_network(process).value_or(false);
    const EndKind kind = ours && diag_.find_unix(inode) ? EndKind::unix_socket : EndKind::other;
    socket_kinds_.emplace(inode, kind);
    return kind;
}

}  // namespace reaper::scan
