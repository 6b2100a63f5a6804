#include "scan/process_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "classify/command_line.h"
#include "support/child.h"

namespace reaper::scan {
namespace {

using test::Child;

std::vector<Process> read_all() {
    auto table = read_process_table();
    if (!table) throw std::runtime_error(table.error().message());
    read_command_lines(*table);
    return *table;
}

std::optional<Process> find(const std::vector<Process>& table, ProcessId id) {
    const auto found = std::ranges::find(table, id, &Process::id);
    return found == table.end() ? std::nullopt : std::optional(*found);
}

std::optional<Process> row_of(const Child& child) {
    return find(read_all(), child.id());
}

TEST(ProcessTable, TellsWhoAProcessIs) {
    const Child child = Child::exec("/bin/sleep", {"sleep", "1000"});
    const auto row = row_of(child);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->parent, ::getpid());
    EXPECT_EQ(row->session, ::getsid(0));
    EXPECT_EQ(row->uid, ::geteuid());
    EXPECT_EQ(row->comm, "sleep");
    EXPECT_EQ(row->cmdline, std::string("sleep\0"
                                        "1000\0",
                                        11));
    EXPECT_EQ(row->threads, 1U);
    EXPECT_LT(row->resident.value, Bytes::from_mib(100).value);
    EXPECT_FALSE(row->kernel_thread);
    EXPECT_FALSE(row->detail);
}

TEST(ProcessTable, IsOrderedByPidAndHasOurselves) {
    const auto table = read_all();
    EXPECT_TRUE(std::ranges::is_sorted(table, {}, &Process::id));
    const auto own = find(table, test::identify(::getpid()));
    ASSERT_TRUE(own);
    EXPECT_EQ(own->state, 'R');
    // Pages taken for bytes would be less. (The kernel counts the first pages of a new process late.)
    EXPECT_GT(own->resident.value, Bytes::from_kib(64).value);
}

TEST(ProcessTable, CpuTimeGrowsWithUse) {
    const Child child = Child::fork({}, [] {
        const auto end = ::clock() + CLOCKS_PER_SEC / 5;
        while (::clock() < end) {
        }
    });
    const auto row = row_of(child);
    ASSERT_TRUE(row);
    EXPECT_GE(row->cpu_time, Ticks(15));
    EXPECT_LE(row->cpu_time, Ticks(100));
}

TEST(ProcessTable, NameMayHoldAnything) {
    const Child child = Child::fork({}, [] { ::prctl(PR_SET_NAME, "foo) Z "); });
    const auto row = row_of(child);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->comm, "foo) Z ");
    EXPECT_NE(row->state, 'Z');
    EXPECT_EQ(row->parent, ::getpid());
}

TEST(ProcessTable, NewlinesStayInsideTheirArgument) {
    const Child child = Child::exec("/bin/sleep", {"sleep\nx", "1000"});
    const auto row = row_of(child);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->cmdline, std::string("sleep\nx\0"
                                        "1000\0",
                                        13));
}

TEST(ProcessTable, EmptyCommandLineIsARowAllTheSame) {
    const test::Pair quiet = test::make_pipe();
    const Child child = Child::exec("/bin/cat", {""}, {.in = quiet.first.get()});
    const auto row = row_of(child);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->comm, "cat");
    EXPECT_EQ(row->cmdline, std::string(1, '\0'));
}

TEST(ProcessTable, TwoMegabytesOfArgumentsAreCut) {
    const test::Pair quiet = test::make_pipe();
    std::vector<std::string> argv{"sh", "-c", "read x"};
    for (int i = 0; i < 20; ++i) argv.emplace_back(100 * 1024, 'a');
    const Child child = Child::exec("/bin/sh", argv, {.in = quiet.first.get()});
    const auto row = row_of(child);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->cmdline.size(), classify::kMaxCommandLineBytes);
    EXPECT_TRUE(row->cmdline.starts_with(std::string("sh\0-c\0read x\0aaa", 16)));
}

TEST(ProcessTable, AZombieIsARowWithoutACommandLine) {
    const Child child = Child::exec("/bin/sleep", {"sleep", "1000"});
    child.kill_to_zombie();
    const auto row = row_of(child);
    ASSERT_TRUE(row);
    EXPECT_TRUE(row->zombie());
    EXPECT_EQ(row->comm, "sleep");
    EXPECT_EQ(row->cmdline, "");
}

TEST(ProcessTable, DropsWhoIsGoneBeforeItsCommandLineIsRead) {
    Child child = Child::fork();
    auto table = read_process_table();
    ASSERT_TRUE(table);
    ASSERT_TRUE(find(*table, child.id()));
    child.end();
    read_command_lines(*table);
    EXPECT_FALSE(find(*table, child.id()));
}

TEST(ProcessTable, UserIsTheEffectiveOne) {
    if (!test::is_root()) GTEST_SKIP() << "needs root to become somebody else";
    const Child child = Child::fork({}, [] { test::become(test::kNobody); });
    const auto row = row_of(child);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->uid, test::kNobody);
}

TEST(ProcessTable, KernelThreadsAreKnownAsSuch) {
    for (const Process& process : read_all()) {
        if (process.id.pid == 2 && process.comm == "kthreadd") {
            EXPECT_TRUE(process.kernel_thread);
            EXPECT_EQ(process.cmdline, "");
        }
    }
}

}  // namespace
}  // namespace reaper::scan
