#include "scan/socket_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/un.h>

#include <cstring>

#include "support/child.h"

namespace reaper::scan {
namespace {

using test::Child;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Result<std::vector<std::string>> listening_of(const Child& child) {
    SockDiag diag;
    SocketTable table(diag);
    const auto dir = ProcessDir::open(child.id());
    if (!dir) return tl::unexpected(dir.error());
    return table.listening(*dir);
}

/// For the body of a child: listens on a port that the kernel chooses, of any or of the loopback
/// address.
void listen_tcp(int family) {
    const int fd = ::socket(family, SOCK_STREAM, 0);
    if (family == AF_INET) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
    } else {
        sockaddr_in6 address{};
        address.sin6_family = AF_INET6;
        address.sin6_addr = IN6ADDR_LOOPBACK_INIT;
        ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
    if (::listen(fd, 1) != 0) ::_exit(124);
}

void listen_unix(const std::string& name) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    if (::bind(fd, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(fd, 1) != 0)
        ::_exit(124);
}

bool has_own_network(const Child& child) {
    return std::filesystem::read_symlink("/proc/self/ns/net") !=
           std::filesystem::read_symlink("/proc/" + std::to_string(child.pid()) + "/ns/net");
}

TEST(Listening, NothingWithoutSockets) {
    const Child child = Child::fork();
    const auto listening = listening_of(child);
    ASSERT_TRUE(listening);
    EXPECT_THAT(*listening, IsEmpty());
}

TEST(Listening, TcpOfBothVersions) {
    const Child v4 = Child::fork({}, [] { listen_tcp(AF_INET); });
    EXPECT_THAT(listening_of(v4).value(), ElementsAre(::testing::StartsWith("tcp 127.0.0.1:")));
    const Child v6 = Child::fork({}, [] { listen_tcp(AF_INET6); });
    EXPECT_THAT(listening_of(v6).value(), ElementsAre(::testing::StartsWith("tcp [::1]:")));
}

TEST(Listening, UnixByPathAndByAbstractName) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path("a b.sock");
    const std::string name = std::string("\0reaper-test-", 13) + std::to_string(::getpid());
    const Child child = Child::fork({}, [&] {
        listen_unix(path);
        listen_unix(name);
    });
    EXPECT_THAT(listening_of(child).value(),
                ElementsAre("unix " + path, "unix @reaper-test-" + std::to_string(::getpid())));
}

TEST(Listening, OneSocketOnTwoDescriptorsIsOne) {
    const Child child = Child::fork({}, [] {
        listen_tcp(AF_INET);
        (void)!::dup(3);
        (void)!::dup(::open("/dev/null", O_RDONLY));
    });
    EXPECT_EQ(listening_of(child).value().size(), 1U);
}

TEST(Listening, AConnectedSocketIsNoListener) {
    const test::Pair pair = test::make_socketpair();
    const Child child = Child::fork({.in = pair.first.get()});
    EXPECT_THAT(listening_of(child).value(), IsEmpty());
}

TEST(Listening, InAnotherNetworkNamespaceToo) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path("x.sock");
    const Child child = Child::fork({}, [&] {
        if (::unshare(CLONE_NEWNET) != 0) return;
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);  // Its loopback is down; any address will do.
        if (::listen(fd, 1) != 0) ::_exit(124);
        listen_unix(path);
    });
    if (!has_own_network(child)) GTEST_SKIP() << "may not make a network namespace";
    EXPECT_THAT(listening_of(child).value(),
                ElementsAre(::testing::StartsWith("tcp 0.0.0.0:"), "unix " + path));
}

TEST(Listening, AnotherUsersCannotBeTold) {
    if (!test::is_root()) GTEST_SKIP() << "needs root to become somebody else";
    const Child child = Child::fork({}, [] { listen_tcp(AF_INET); });
    const std::string seen = test::run_as(test::kNobody, [&] {
        const auto listening = listening_of(child);
        return listening ? "a list" : listening.error().reason;
    });
    EXPECT_EQ(seen, "Permission denied");
}

TEST(Listening, OnesOwnAsAnOrdinaryUser) {
    if (!test::is_root()) GTEST_SKIP() << "needs root to become somebody else";
    const Child child = Child::fork({}, [] {
        test::become(test::kNobody);
        listen_tcp(AF_INET);
    });
    const std::string seen = test::run_as(test::kNobody, [&] {
        const auto listening = listening_of(child);
        return listening ? std::to_string(listening->size()) : listening.error().message();
    });
    EXPECT_EQ(seen, "1");
}

std::vector<std::string> texts(const std::vector<ListeningSocket>& sockets) {
    std::vector<std::string> texts;
    for (const ListeningSocket& socket : sockets)
        texts.push_back(std::to_string(socket.inode) + " " + socket.text);
    return texts;
}

TEST(NetText, TcpListenersOnly) {
    const auto found = parse_net_tcp(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
        "inode\n"
        "   0: 0100007F:22E3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 "
        "1 0 100 0\n"
        "   1: 0100007F:22E4 0100007F:1234 01 00000000:00000000 00:00000000 00000000     0        0 78 "
        "1 0 100 0\n"
        "   2: 00000000000000000000000001000000:2331 0:0 0A 0:0 00:0 0     0        0 79 1 0 100 0\n");
    EXPECT_THAT(texts(found), ElementsAre("77 tcp 127.0.0.1:8931", "79 tcp [::1]:9009"));
}

TEST(NetText, UnixListenersOnly) {
    const auto found = parse_net_unix(
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 11 /run/with space.sock\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01    12 @abstract\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 13\n"
        "0000000000000000: 00000003 00000000 00000000 0001 03 14 /run/connected.sock\n");
    EXPECT_THAT(texts(found),
                ElementsAre("11 unix /run/with space.sock", "12 unix @abstract", "13 unix"));
}

TEST(NetText, PassesOverRubbish) {
    EXPECT_THAT(parse_net_tcp(""), IsEmpty());
    EXPECT_THAT(parse_net_tcp("\n\n 0: x y 0A 1 1 1 1 1 1\n 0: 0100007F:FFFFF 0 0A 1 1 1 1 1 5\n"),
                IsEmpty());
    EXPECT_THAT(parse_net_unix("a b c zz e f g\n0: 1 1 00010000 1 1 x /p\n"), IsEmpty());
}

TEST(NetText, AbstractNamesShowTheirNuls) {
    EXPECT_EQ(unix_text(std::string("\0a\0b", 4)), "unix @a@b");
    EXPECT_EQ(unix_text(std::string("/run/x\0", 7)), "unix /run/x");
    EXPECT_EQ(unix_text(""), "unix");
}

}  // namespace
}  // namespace reaper::scan
