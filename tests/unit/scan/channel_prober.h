// What the tests of ChannelProbe have in common: probing a child, and doing so where pidfd_getfd is
// refused.
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "scan/channel_probe.h"
#include "support/child.h"

namespace reaper::scan {

using test::Child;

struct Prober {
    SockDiag diag;
    SocketTable sockets{diag};
    ChannelProbe probe{diag, sockets};
};

inline ChannelEnds probe(const Child& child, ChannelNumbers numbers = kStandardChannel) {
    Prober prober;
    const auto dir = ProcessDir::open(child.id());
    if (!dir) throw std::runtime_error(dir.error().message());
    const auto ends = prober.probe.probe(*dir, numbers);
    if (!ends) throw std::runtime_error(ends.error().message());
    return *ends;
}

inline ChannelEnds look(const Child& child) {
    Prober prober;
    const auto dir = ProcessDir::open(child.id());
    if (!dir) throw std::runtime_error(dir.error().message());
    const auto ends = prober.probe.look(*dir);
    if (!ends) throw std::runtime_error(ends.error().message());
    return *ends;
}

/// "pipe closed by pidfd_getfd+poll: HUP"
inline std::string text(const ChannelEnd& end) {
    std::string text(to_string(end.kind));
    text += ' ';
    text += to_string(end.state);
    text += " by " + end.method;
    if (!end.events.empty()) text += ": " + end.events;
    return text;
}

inline std::uint64_t inode_of(int fd) {
    struct stat file {};
    ::fstat(fd, &file);
    return file.st_ino;
}

/// Refuses pidfd_getfd as yama does, for the rest of this process's life.
inline void refuse_pidfd_getfd() {
    std::array<sock_filter, 4> code{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_getfd, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog program{.len = code.size(), .filter = code.data()};
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) ::_exit(124);
}

/// text() of one end, probed by somebody to whom pidfd_getfd is refused.
inline std::string probed_without_getfd(const Child& child, bool in) {
    return test::run_in_child([&] {
        refuse_pidfd_getfd();
        const ChannelEnds ends = probe(child);
        return text(in ? ends.in : ends.out);
    });
}

}  // namespace reaper::scan
