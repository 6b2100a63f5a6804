#include "scan/channel_probe.h"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pty.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>

#include "support/child.h"

namespace reaper::scan {
namespace {

using test::Child;
using test::make_pipe;
using test::make_socketpair;
using test::Pair;
using test::Stdio;

struct Prober {
    SockDiag diag;
    SocketTable sockets{diag};
    ChannelProbe probe{diag, sockets};
};

ChannelEnds probe(const Child& child) {
    Prober prober;
    const auto dir = ProcessDir::open(child.id());
    if (!dir) throw std::runtime_error(dir.error().message());
    const auto ends = prober.probe.probe(*dir);
    if (!ends) throw std::runtime_error(ends.error().message());
    return *ends;
}

ChannelEnds look(const Child& child) {
    Prober prober;
    const auto dir = ProcessDir::open(child.id());
    if (!dir) throw std::runtime_error(dir.error().message());
    const auto ends = prober.probe.look(*dir);
    if (!ends) throw std::runtime_error(ends.error().message());
    return *ends;
}

/// "pipe closed by pidfd_getfd+poll: HUP"
std::string text(const ChannelEnd& end) {
    std::string text(to_string(end.kind));
    text += ' ';
    text += to_string(end.state);
    text += " by " + end.method;
    if (!end.events.empty()) text += ": " + end.events;
    return text;
}

std::uint64_t inode_of(int fd) {
    struct stat file {};
    ::fstat(fd, &file);
    return file.st_ino;
}

/// Refuses pidfd_getfd as yama does, for the rest of this process's life.
void refuse_pidfd_getfd() {
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
std::string probed_without_getfd(const Child& child, bool in) {
    return test::run_in_child([&] {
        refuse_pidfd_getfd();
        const ChannelEnds ends = probe(child);
        return text(in ? ends.in : ends.out);
    });
}

// Pipes

TEST(PipeEnd, IsOpenWhileItsPeerIsThere) {
    const Pair in = make_pipe();
    const Pair out = make_pipe();
    const Child child = Child::fork({.in = in.first.get(), .out = out.second.get()});
    const ChannelEnds ends = probe(child);
    EXPECT_EQ(text(ends.in), "pipe open by pidfd_getfd+poll");
    EXPECT_EQ(text(ends.out), "pipe open by pidfd_getfd+poll");
    EXPECT_EQ(ends.in.inode, inode_of(in.first.get()));
    EXPECT_EQ(ends.out.inode, inode_of(out.first.get()));
}

TEST(PipeEnd, IsClosedWhenItsPeerIsGone) {
    Pair in = make_pipe();
    Pair out = make_pipe();
    const Child child = Child::fork({.in = in.first.get(), .out = out.second.get()});
    in.second.close();
    out.first.close();
    const ChannelEnds ends = probe(child);
    EXPECT_EQ(text(ends.in), "pipe closed by pidfd_getfd+poll: HUP");
    EXPECT_EQ(text(ends.out), "pipe closed by pidfd_getfd+poll: ERR");
    EXPECT_EQ(combine(ends.in, ends.out), Channel::closed);
}

TEST(PipeEnd, IsClosedThoughTheLastWordsAreUnread) {
    Pair in = make_pipe();
    const Child child = Child::fork({.in = in.first.get()});
    ASSERT_EQ(::write(in.second.get(), "bye", 3), 3);
    in.second.close();
    EXPECT_EQ(text(probe(child).in), "pipe closed by pidfd_getfd+poll: IN|HUP");
}

TEST(PipeEnd, IsOpenWhileASiblingHoldsThePeer) {
    Pair in = make_pipe();
    const Child child = Child::fork({.in = in.first.get()});
    Child sibling = Child::fork({}, {}, {in.second.get()});
    in.second.close();
    EXPECT_EQ(probe(child).in.state, EndState::open);
    sibling.end();
    EXPECT_EQ(probe(child).in.state, EndState::closed);
}

TEST(PipeEnd, TheWrongWayRoundIsReadByItsOwnMode) {
    Pair in = make_pipe();
    Pair out = make_pipe();
    const Child child = Child::fork({.in = in.second.get(), .out = out.first.get()});
    EXPECT_EQ(probe(child).in.state, EndState::open);
    EXPECT_EQ(probe(child).out.state, EndState::open);
    in.first.close();
    out.second.close();
    EXPECT_EQ(text(probe(child).in), "pipe closed by pidfd_getfd+poll: ERR");
    EXPECT_EQ(text(probe(child).out), "pipe closed by pidfd_getfd+poll: HUP");
}

TEST(PipeEnd, OpenBothWaysIsItsOwnPeerAndSaysNothing) {
    const Pair pipe = make_pipe();
    const std::string path = "/proc/self/fd/" + std::to_string(pipe.first.get());
    const UniqueFd both(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(both);
    const Child child = Child::fork({.in = both.get()});
    EXPECT_EQ(probe(child).in.state, EndState::unknown);
}

TEST(Probe, LeavesFlagsAndDescriptorsAsTheyWere) {
    Pair in = make_pipe();
    const Child child = Child::fork({.in = in.first.get()});
    const int flags = ::fcntl(in.first.get(), F_GETFL);  // Of the open file that the child shares.
    const auto own = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    };
    const auto before = own();
    probe(child);
    EXPECT_EQ(::fcntl(in.first.get(), F_GETFL), flags);
    EXPECT_EQ(own(), before);
}

// Unix sockets

TEST(SocketEnd, IsOpenAndNamesItsMakerWhileThePeerIsThere) {
    const Pair in = make_socketpair();
    const Pair out = make_socketpair();
    const Child child = Child::fork({.in = in.first.get(), .out = out.first.get()});
    const ChannelEnds ends = probe(child);
    EXPECT_EQ(text(ends.in), "unix_socket open by pidfd_getfd+poll");
    EXPECT_EQ(text(ends.out), "unix_socket open by pidfd_getfd+poll");
    EXPECT_EQ(ends.in.maker, ::getpid());
    EXPECT_EQ(ends.in.inode, inode_of(in.first.get()));
}

TEST(SocketEnd, IsClosedWhenThePeerIsGone) {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
        Pair in = make_socketpair(type);
        const Child child = Child::fork({.in = in.first.get(), .out = in.first.get()});
        in.second.close();
        const ChannelEnds ends = probe(child);
        EXPECT_EQ(text(ends.in), "unix_socket closed by pidfd_getfd+poll: IN|HUP|RDHUP");
        EXPECT_EQ(ends.out.state, EndState::closed);
        EXPECT_EQ(ends.in.maker, ::getpid());
    }
}

TEST(SocketEnd, HalfAClosingIsOpen) {
    const Pair in = make_socketpair();
    const Child child = Child::fork({.in = in.first.get()});
    ASSERT_EQ(::shutdown(in.second.get(), SHUT_WR), 0);  // What node does for stdin.end().
    EXPECT_EQ(text(probe(child).in), "unix_socket open by pidfd_getfd+poll: IN|RDHUP");
}

TEST(SocketEnd, IsOpenWhileASiblingHoldsThePeer) {
    Pair in = make_socketpair();
    const Child child = Child::fork({.in = in.first.get()});
    Child sibling = Child::fork({}, {}, {in.second.get()});
    in.second.close();
    EXPECT_EQ(probe(child).in.state, EndState::open);
    sibling.end();
    EXPECT_EQ(probe(child).in.state, EndState::closed);
}

TEST(SocketEnd, NamesAMakerThatIsDead) {
    const Pair carrier = make_socketpair();
    pid_t maker_pid = 0;
    const auto child = [&] {
        const Child maker = Child::fork({.in = carrier.first.get()}, [] {
            // The descriptor goes to the test by SCM_RIGHTS, as it would go to a server by fork.
            int fds[2];
            ::socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
            char byte = 'x';
            iovec data{.iov_base = &byte, .iov_len = 1};
            alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
            msghdr message{};
            message.msg_iov = &data;
            message.msg_iovlen = 1;
            message.msg_control = control;
            message.msg_controllen = sizeof control;
            cmsghdr* const header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(sizeof(int));
            std::memcpy(CMSG_DATA(header), &fds[0], sizeof(int));
            ::sendmsg(0, &message, 0);
        });
        maker_pid = maker.pid();
        char byte = 0;
        iovec data{.iov_base = &byte, .iov_len = 1};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
        msghdr message{};
        message.msg_iov = &data;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        EXPECT_EQ(::recvmsg(carrier.second.get(), &message, MSG_CMSG_CLOEXEC), 1);
        int received = -1;
        std::memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof received);
        const UniqueFd socket(received);
        return Child::fork({.in = socket.get()});
    }();
    const ChannelEnd in = probe(child).in;
    EXPECT_EQ(in.state, EndState::closed);
    EXPECT_EQ(in.maker, maker_pid);
}

TEST(SocketEnd, ADatagramSocketSaysNothing) {
    Pair in = make_socketpair(SOCK_DGRAM);
    const Child child = Child::fork({.in = in.first.get()});
    in.second.close();
    const ChannelEnd end = probe(child).in;
    EXPECT_EQ(end.kind, EndKind::unix_socket);
    EXPECT_EQ(end.state, EndState::unknown);
}

TEST(SocketEnd, OneNeverConnectedIsNotClosedThoughItPollsSo) {
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Child child = Child::fork({.in = socket.get()});
    const ChannelEnd end = probe(child).in;
    EXPECT_NE(end.events.find("HUP"), std::string::npos);
    EXPECT_EQ(end.state, EndState::unknown);
}

TEST(SocketEnd, AListeningSocketHasNoPeer) {
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)),
              0);  // autobind
    ASSERT_EQ(::listen(socket.get(), 1), 0);
    const Child child = Child::fork({.in = socket.get()});
    const ChannelEnd end = probe(child).in;
    EXPECT_EQ(end.kind, EndKind::unix_socket);
    EXPECT_EQ(end.state, EndState::none);
    EXPECT_EQ(probed_without_getfd(child, true), "unix_socket none by sock_diag");
}

TEST(SocketEnd, AnInternetSocketIsOpenOrNothing) {
    const UniqueFd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(::bind(server.get(), generic, length), 0);
    ASSERT_EQ(::listen(server.get(), 1), 0);
    ASSERT_EQ(::getsockname(server.get(), generic, &length), 0);
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(client.get(), generic, length), 0);
    UniqueFd accepted(::accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const Child child = Child::fork({.in = client.get(), .out = server.get()});
    EXPECT_EQ(text(probe(child).in), "inet_socket open by pidfd_getfd+poll");
    EXPECT_EQ(probe(child).out.state, EndState::none);
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(accepted.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    accepted.close();
    EXPECT_EQ(probe(child).in.state, EndState::none);
}

// Everything else

TEST(OtherEnd, NullDeviceFileAndAbsentHaveNoPeer) {
    const UniqueFd null_device(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const test::TemporaryDirectory directory;
    const UniqueFd file(::open(directory.path("pipe:[1]").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ::unlink(directory.path("pipe:[1]").c_str());
    const Child first = Child::fork({.in = null_device.get(), .out = file.get()});
    EXPECT_EQ(text(probe(first).in), "null_device none by link");
    EXPECT_EQ(text(probe(first).out), "file none by link");
    const Child second = Child::fork({.in = Stdio::kClosed, .out = Stdio::kClosed});
    EXPECT_EQ(text(probe(second).in), "absent none by link");
    EXPECT_EQ(text(probe(second).out), "absent none by link");
}

TEST(OtherEnd, AnonymousFilesAndOtherDevicesAreUnknown) {
    const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
    const UniqueFd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    const Child child = Child::fork({.in = event.get(), .out = zero.get()});
    EXPECT_EQ(text(probe(child).in), "other unknown by link");
    EXPECT_EQ(text(probe(child).out), "other unknown by link");
}

TEST(OtherEnd, ATerminalHasNoPeerButShowsThatItIsHungUp) {
    int master = -1;
    int slave = -1;
    ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
    UniqueFd screen(master);
    const UniqueFd terminal(slave);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    ::fcntl(slave, F_SETFD, FD_CLOEXEC);
    const Child child = Child::fork({.in = terminal.get(), .out = terminal.get()});
    EXPECT_EQ(text(probe(child).in), "terminal none by pidfd_getfd+poll");
    screen.close();
    EXPECT_EQ(text(probe(child).in), "terminal none by pidfd_getfd+poll: IN|HUP|ERR");
}

TEST(OtherEnd, ANamedFifoIsNeverClosedForGood) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path("fifo");
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const UniqueFd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    UniqueFd writer(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    const Child reading = Child::fork({.in = reader.get()});
    EXPECT_EQ(text(probe(reading).in), "fifo open by pidfd_getfd+poll");
    writer.close();
    EXPECT_EQ(text(probe(reading).in), "fifo none by pidfd_getfd+poll: HUP");
    EXPECT_EQ(probed_without_getfd(reading, true), "fifo unknown by open+poll");
}

// Where pidfd_getfd is refused

TEST(WithoutGetfd, APipeIsOpenedOnceMore) {
    Pair in = make_pipe();
    Pair out = make_pipe();
    const Child child = Child::fork({.in = in.first.get(), .out = out.second.get()});
    EXPECT_EQ(probed_without_getfd(child, true), "pipe open by open+poll");
    EXPECT_EQ(probed_without_getfd(child, false), "pipe open by open+poll");
    in.second.close();
    out.first.close();
    EXPECT_EQ(probed_without_getfd(child, true), "pipe closed by open+poll: HUP");
    EXPECT_EQ(probed_without_getfd(child, false), "pipe closed by open+poll: ERR");
}

TEST(WithoutGetfd, TheKernelIsAskedAboutASocket) {
    Pair in = make_socketpair();
    const Child child = Child::fork({.in = in.first.get()});
    EXPECT_EQ(probed_without_getfd(child, true), "unix_socket open by sock_diag");
    ::shutdown(in.second.get(), SHUT_WR);
    EXPECT_EQ(probed_without_getfd(child, true), "unix_socket open by sock_diag");
    in.second.close();
    EXPECT_EQ(probed_without_getfd(child, true), "unix_socket closed by sock_diag");
}

TEST(WithoutGetfd, APeerThatWaitsToBeAcceptedIsNotTakenForGone) {
    const test::TemporaryDirectory directory;
    const UniqueFd server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    directory.path("s").copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(server.get(), 1), 0);
    const UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const Child child = Child::fork({.in = client.get()});
    EXPECT_EQ(probe(child).in.state, EndState::open);
    EXPECT_EQ(probed_without_getfd(child, true), "unix_socket unknown by sock_diag");
}

TEST(WithoutGetfd, ASocketOfAnotherNetworkNamespaceIsUnknown) {
    const Child child = Child::fork({}, [] {
        if (::unshare(CLONE_NEWNET) != 0) return;
        int fds[2];
        ::socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
        ::dup2(fds[0], 0);
        ::close(fds[0]);
        ::close(fds[1]);
    });

    const auto own = std::filesystem::read_symlink("/proc/self/ns/net");
    const auto its = std::filesystem::read_symlink("/proc/" + std::to_string(child.pid()) + "/ns/net");
    if (own == its) GTEST_SKIP() << "may not make a network namespace";
    EXPECT_EQ(text(probe(child).in), "unix_socket closed by pidfd_getfd+poll: IN|HUP|RDHUP");
    EXPECT_EQ(probed_without_getfd(child, true),
              "other unknown by pidfd_getfd: Operation not permitted");
}

// Where nothing may be looked at

TEST(OrdinaryUser, SeesNothingOfAnotherUsersProcess) {
    if (!test::is_root()) GTEST_SKIP() << "needs root to become somebody else";
    Pair in = make_pipe();
    const Child child = Child::fork({.in = in.first.get()});
    in.second.close();
    const std::string seen = test::run_as(test::kNobody, [&] { return text(probe(child).in); });
    EXPECT_EQ(seen, "unknown unknown by link: Permission denied");
}

TEST(OrdinaryUser, SeesTheChannelOfTheirOwnProcess) {
    if (!test::is_root()) GTEST_SKIP() << "needs root to become somebody else";
    Pair in = make_pipe();
    const Child child = Child::fork({.in = in.first.get()}, [] { test::become(test::kNobody); });
    in.second.close();
    const std::string seen = test::run_as(test::kNobody, [&] { return text(probe(child).in); });
    EXPECT_EQ(seen, "pipe closed by pidfd_getfd+poll: HUP");
}

TEST(Look, NamesKindAndInodeButNoStateOfAPeer) {
    const Pair in = make_pipe();
    const Pair out = make_socketpair();
    const Child child = Child::fork({.in = in.first.get(), .out = out.first.get()});
    const ChannelEnds ends = look(child);
    EXPECT_EQ(text(ends.in), "pipe unknown by link");
    EXPECT_EQ(text(ends.out), "unix_socket unknown by link");
    EXPECT_EQ(ends.in.inode, inode_of(in.first.get()));
    EXPECT_EQ(ends.out.inode, inode_of(out.first.get()));
}

TEST(Probe, SaysGoneOfAProcessThatDiedMeanwhile) {
    Pair in = make_pipe();
    Child child = Child::fork({.in = in.first.get()});
    Prober prober;
    const auto dir = ProcessDir::open(child.id());
    ASSERT_TRUE(dir);
    child.kill_to_zombie();
    const auto zombie = prober.probe.probe(*dir);
    ASSERT_FALSE(zombie);
    EXPECT_TRUE(says_gone(zombie.error()));
    child.end();
    const auto gone = prober.probe.probe(*dir);
    ASSERT_FALSE(gone);
    EXPECT_TRUE(says_gone(gone.error()));
}

}  // namespace
}  // namespace reaper::scan
