// Sockets.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <optional>

#include "channel_prober.h"

namespace reaper::scan {
namespace {

using test::make_pipe;
using test::make_socketpair;
using test::Pair;
using test::Stdio;

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

}  // namespace
}  // namespace reaper::scan
