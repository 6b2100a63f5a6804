// Pipes, and what is neither a pipe nor a socket.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "channel_prober.h"

namespace reaper::scan {
namespace {

using test::make_pipe;
using test::make_socketpair;
using test::Pair;
using test::Stdio;

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

// A browser's debugging pipe

/// Has these two as its descriptors 3 and 4.
Child debugged(int in, int out) {
    const auto take = [=] {
        // Out of the way first: one of them may be 3 or 4 itself.
        const int from = ::fcntl(in, F_DUPFD, 200);
        const int to = ::fcntl(out, F_DUPFD, 200);
        ::close(in);
        ::close(out);
        ::dup2(from, 3);
        ::dup2(to, 4);
        ::close(from);
        ::close(to);
    };
    return Child::fork({}, take, {in, out});
}

TEST(DebuggingPipe, IsReadFromDescriptors3And4) {
    Pair in = make_pipe();
    Pair out = make_socketpair();
    const Child child = debugged(in.first.get(), out.first.get());
    ChannelEnds ends = probe(child, kDebuggingPipe);
    EXPECT_EQ(text(ends.in), "pipe open by pidfd_getfd+poll");
    EXPECT_EQ(text(ends.out), "unix_socket open by pidfd_getfd+poll");
    EXPECT_EQ(ends.in.inode, inode_of(in.first.get()));
    in.second.close();
    out.second.close();
    ends = probe(child, kDebuggingPipe);
    EXPECT_EQ(text(ends.in), "pipe closed by pidfd_getfd+poll: HUP");
    EXPECT_EQ(text(ends.out), "unix_socket closed by pidfd_getfd+poll: IN|HUP|RDHUP");
    EXPECT_EQ(probe(child).in.kind, EndKind::null_device) << "its stdin is another matter";
}

TEST(DebuggingPipe, IsReadWherePidfdGetfdIsRefused) {
    Pair in = make_pipe();
    const Pair out = make_pipe();
    const Child child = debugged(in.first.get(), out.second.get());
    in.second.close();
    EXPECT_EQ(test::run_in_child([&] {
                  refuse_pidfd_getfd();
                  const ChannelEnds ends = probe(child, kDebuggingPipe);
                  return text(ends.in) + ", " + text(ends.out);
              }),
              "pipe closed by open+poll: HUP, pipe open by open+poll");
}

}  // namespace
}  // namespace reaper::scan
