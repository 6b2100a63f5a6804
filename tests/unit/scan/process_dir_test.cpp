#include "scan/process_dir.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>

#include "classify/command_line.h"
#include "support/child.h"

namespace reaper::scan {
namespace {

using test::Child;

TEST(ProcessDir, OpensTheProcessThatIsMeant) {
    const Child child = Child::fork();
    const auto dir = ProcessDir::open(child.id());
    ASSERT_TRUE(dir) << dir.error().message();
    EXPECT_EQ(dir->id(), child.id());
    const auto stat = dir->stat();
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->parent, ::getpid());
    EXPECT_TRUE(dir->pidfd());
}

TEST(ProcessDir, RefusesAnotherProcessWithThePid) {
    const Child child = Child::fork();
    ProcessId other = child.id();
    other.start -= Ticks(1);
    const auto dir = ProcessDir::open(other);
    ASSERT_FALSE(dir);
    EXPECT_TRUE(says_gone(dir.error()));
}

TEST(ProcessDir, EveryReadSaysGoneOnceItIsGone) {
    Child child = Child::fork();
    const auto dir = ProcessDir::open(child.id());
    ASSERT_TRUE(dir);
    child.end();
    EXPECT_TRUE(says_gone(dir->stat().error()));
    EXPECT_TRUE(says_gone(dir->pidfd().error()));
    EXPECT_TRUE(says_gone(dir->command_line().error()));
    EXPECT_TRUE(says_gone(dir->link("exe").error()));
    EXPECT_TRUE(says_gone(dir->link("fd/0").error()));
    EXPECT_TRUE(says_gone(dir->socket_inodes().error()));
    EXPECT_TRUE(says_gone(dir->anonymous().error()));
    EXPECT_TRUE(says_gone(dir->cgroup().error()));
    EXPECT_TRUE(says_gone(ProcessDir::open(child.id()).error()));
}

TEST(ProcessDir, FilesOfAZombieAreGoneThoughItIsThere) {
    const Child child = Child::fork();
    const auto dir = ProcessDir::open(child.id());
    ASSERT_TRUE(dir);
    child.kill_to_zombie();
    ASSERT_TRUE(dir->stat());
    EXPECT_EQ(dir->stat()->state, 'Z');
    EXPECT_TRUE(says_gone(dir->link("exe").error()));
    EXPECT_EQ(dir->command_line().value_or("?"), "");
}

TEST(ProcessDir, ReadsHostileNames) {
    const Child child = Child::fork({}, [] { ::prctl(PR_SET_NAME, "foo) Z "); });
    const auto dir = ProcessDir::open(child.id());
    ASSERT_TRUE(dir) << dir.error().message();
    EXPECT_EQ(dir->stat()->comm, "foo) Z ");
}

TEST(ProcessDir, AnAbsentFileOfALivingProcessIsNotGone) {
    const Child child = Child::fork({.in = test::Stdio::kClosed});
    const auto dir = ProcessDir::open(child.id());
    ASSERT_TRUE(dir);
    const auto link = dir->link("fd/0");
    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().errno_code, ENOENT);
}

TEST(ProcessDir, CommandLineIsCutWhereItIsHuge) {
    const std::string argument(100 * 1024, 'a');  // One string may have 128 KiB at most (execve(2)).
    const Child child = Child::exec("/bin/sleep", {"sleep", "1000", argument, argument, argument});
    const auto dir = ProcessDir::open(child.id());
    ASSERT_TRUE(dir);
    const auto line = dir->command_line();
    // sleep may have ended itself with an error already; then there is nothing to read.
    if (line && !line->empty()) {
        EXPECT_EQ(line->size(), classify::kMaxCommandLineBytes);
    }
}

TEST(ProcessDir, LinksAreItsOwn) {
    const Child child = Child::exec("/bin/sleep", {"any name", "1000"});
    const auto dir = ProcessDir::open(child.id());
    ASSERT_TRUE(dir);
    EXPECT_EQ(dir->link("exe").value_or(""), std::filesystem::canonical("/bin/sleep"));
    EXPECT_EQ(dir->link("cwd").value_or(""), std::filesystem::current_path());
    EXPECT_EQ(dir->command_line().value_or(""), std::string("any name\0"
                                                            "1000\0",
                                                            14));
}

TEST(ProcessDir, AnonymousMemoryIsWhatAKillGivesBack) {
    constexpr std::size_t kSize = 32 * 1024 * 1024;
    const auto touch = [](int flags) {
        return [flags] {
            void* const memory =
                ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
            std::memset(memory, 1, kSize);
        };
    };
    const Child owning = Child::fork({}, touch(MAP_PRIVATE));
    const Child sharing = Child::fork({}, touch(MAP_SHARED));
    const auto owned = ProcessDir::open(owning.id())->anonymous();
    const auto shared = ProcessDir::open(sharing.id())->anonymous();
    ASSERT_TRUE(owned && shared);
    EXPECT_GE(owned->value, kSize);
    EXPECT_GE(owned->value, shared->value + kSize / 2);
    EXPECT_TRUE(ProcessDir::open(owning.id())->swapped());
}

TEST(ProcessDir, AnotherUsersDescriptorsMayNotBeRead) {
    if (!test::is_root()) GTEST_SKIP() << "needs root to become somebody else";
    const Child child = Child::fork();
    const std::string seen = test::run_as(test::kNobody, [&child] {
        const auto dir = ProcessDir::open(child.id());
        if (!dir) return dir.error().message();
        const auto link = dir->link("fd/0");
        const auto sockets = dir->socket_inodes();
        std::string text = link ? "link" : std::strerror(link.error().errno_code);
        text += sockets ? ", list" : std::string(", ") + std::strerror(sockets.error().errno_code);
        return text + (dir->anonymous() ? ", memory" : ", no memory");
    });
    EXPECT_EQ(seen, "Permission denied, Permission denied, memory");
}

}  // namespace
}  // namespace reaper::scan
