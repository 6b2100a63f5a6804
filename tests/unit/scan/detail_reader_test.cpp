#include "scan/detail_reader.h"

#include <gtest/gtest.h>

#include "scan/process_dir.h"
#include "support/child.h"

namespace reaper::scan {
namespace {

using test::Child;

Process row_of(const Child& child) {
    Process process;
    process.id = child.id();
    process.state = 'S';
    process.cmdline = "as it was";
    return process;
}

TEST(Detail, HasAllThatMayBeReadOfAProcess) {
    const test::Pair in = test::make_pipe();
    const Child child = Child::exec("/bin/cat", {"cat"}, {.in = in.first.get()});
    Process process = row_of(child);
    ASSERT_TRUE(DetailReader().read(process, Look::full));
    ASSERT_TRUE(process.detail);
    EXPECT_EQ(process.detail->exe, std::filesystem::canonical("/bin/cat"));
    EXPECT_EQ(process.detail->cwd, std::filesystem::current_path());
    ASSERT_TRUE(process.detail->in && process.detail->out);
    EXPECT_EQ(process.detail->in->state, EndState::open);
    EXPECT_TRUE(process.detail->anonymous);
    EXPECT_TRUE(process.detail->swapped);
    ASSERT_TRUE(process.detail->listening);
    EXPECT_TRUE(process.detail->listening->empty());
}

TEST(Detail, OfLinksLeavesOutWhatCostsMore) {
    const test::Pair in = test::make_pipe();
    const Child child = Child::exec("/bin/cat", {"cat"}, {.in = in.first.get()});
    Process process = row_of(child);
    ASSERT_TRUE(DetailReader().read(process, Look::links));
    ASSERT_TRUE(process.detail);
    EXPECT_EQ(process.detail->in->kind, EndKind::pipe);
    EXPECT_EQ(process.detail->in->state, EndState::unknown);
    EXPECT_NE(process.detail->in->inode, 0U);
    EXPECT_TRUE(process.detail->anonymous);
    EXPECT_FALSE(process.detail->listening);
    EXPECT_FALSE(process.detail->main_of_unit);
}

TEST(Detail, BelongsToTheCommandLineThatIsReadWithIt) {
    const test::Pair in = test::make_pipe();
    const Child child = Child::exec("/bin/cat", {"cat", "-"}, {.in = in.first.get()});
    Process process = row_of(child);
    process.comm = "other";
    ASSERT_TRUE(DetailReader().read(process, Look::links));
    EXPECT_EQ(process.cmdline, std::string("cat\0-\0", 6));
    EXPECT_EQ(process.comm, "cat");
}

TEST(Detail, OfAProcessThatWasReplacedIsNotRead) {
    const Child child = Child::fork();
    Process process = row_of(child);
    process.id.start -= Ticks(1);
    const auto read = DetailReader().read(process, Look::full);
    ASSERT_FALSE(read);
    EXPECT_TRUE(says_gone(read.error()));
    EXPECT_FALSE(process.detail);
}

TEST(Detail, AProcessThatDiedMeanwhileIsAZombieOrGone) {
    Child child = Child::fork();
    Process process = row_of(child);
    child.kill_to_zombie();
    ASSERT_TRUE(DetailReader().read(process, Look::full));
    EXPECT_TRUE(process.zombie());
    EXPECT_EQ(process.cmdline, "");
    EXPECT_FALSE(process.detail);
    child.end();
    EXPECT_FALSE(DetailReader().read(process, Look::full));
}

TEST(Detail, OfAnotherUsersProcessSaysWhatIsUnknown) {
    if (!test::is_root()) GTEST_SKIP() << "needs root to become somebody else";
    const test::Pair in = test::make_pipe();
    const Child child = Child::fork({.in = in.first.get()});
    const std::string seen = test::run_as(test::kNobody, [&] {
        Process process = row_of(child);
        if (!DetailReader().read(process, Look::full) || !process.detail)
            return std::string("no detail");
        const ProcessDetail& detail = *process.detail;
        return detail.exe + detail.cwd + std::string(to_string(detail.in->kind)) + ' ' +
               std::string(to_string(detail.in->state)) + (detail.listening ? " told" : " untold") +
               (detail.anonymous ? " memory" : " no memory");
    });
    EXPECT_EQ(seen, "unknown unknown untold memory");
}

}  // namespace
}  // namespace reaper::scan
