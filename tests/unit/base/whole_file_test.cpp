#include "base/whole_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/unique_fd.h"
#include "support/child.h"

namespace reaper {
namespace {

std::size_t files_in(const std::string& directory) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
}

TEST(WholeFile, IsWrittenForItsOwnerAloneAndReplaced) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path("state");
    ASSERT_TRUE(write_whole_file(path, "one"));
    ASSERT_TRUE(write_whole_file(path, "two"));
    EXPECT_EQ(read_whole_file(path, 3).value(), "two");
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
    EXPECT_EQ(files_in(directory.path()), 1U);
}

TEST(WholeFile, StaysAsItWasWhereTheDiskIsFull) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path("state");
    ASSERT_TRUE(write_whole_file(path, "before"));
    // A limit of the size of files stands in for a full disk.
    const std::string said = test::run_in_child([&]() -> std::string {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{1024, 1024};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const auto written = write_whole_file(path, std::string(4096, 'x'));
        return written ? "written" : std::to_string(written.error().errno_code);
    });
    EXPECT_EQ(said, std::to_string(EFBIG));
    EXPECT_EQ(read_whole_file(path, 100).value(), "before");
    EXPECT_EQ(files_in(directory.path()), 1U);
}

TEST(WholeFile, OfAnotherKindOrTooLargeIsNotRead) {
    const test::TemporaryDirectory directory;
    const std::string path = directory.path("state");
    EXPECT_EQ(read_whole_file(path, 10).error().errno_code, ENOENT);
    std::ofstream(path) << "12345678901";
    EXPECT_EQ(read_whole_file(path, 10).error().errno_code, EFBIG);
    EXPECT_TRUE(read_whole_file(path, 11));
    std::filesystem::create_symlink(path, directory.path("link"));
    EXPECT_FALSE(read_whole_file(directory.path("link"), 100));
    EXPECT_FALSE(read_whole_file(directory.path(), 100));
    ASSERT_EQ(::mkfifo(directory.path("fifo").c_str(), 0600), 0);
    EXPECT_FALSE(read_whole_file(directory.path("fifo"), 100)) << "and is not waited for";
}

class Replaced : public testing::Test {
  protected:
    Replaced() {
        held_ = UniqueFd(::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        replacement_.directory = held_.get();
        replacement_.name = "file";
        replacement_.path = directory_.path("file");
        std::ofstream(replacement_.path) << "before";
    }
    [[nodiscard]] std::string text() const { return read_whole_file(replacement_.path, 100).value(); }

    test::TemporaryDirectory directory_;
    UniqueFd held_;
    Replacement replacement_;
};

TEST_F(Replaced, HasModeAndOwnerThatItIsGiven) {
    replacement_.mode = 0640;
    if (::geteuid() == 0) {
        replacement_.user = 4711;
        replacement_.group = 4712;
    }
    ASSERT_TRUE(replace_whole_file(replacement_, "after"));
    struct stat found {};
    ASSERT_EQ(::stat(replacement_.path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777U, 0640U);
    EXPECT_EQ(found.st_uid, replacement_.user.value_or(::geteuid()));
    EXPECT_EQ(found.st_gid, replacement_.group.value_or(::getegid()));
    EXPECT_EQ(text(), "after");
}

TEST_F(Replaced, HasTheAttributesOfAnother) {
    const UniqueFd before(::open(replacement_.path.c_str(), O_RDWR | O_CLOEXEC));
    // Of two letters and of none: an attribute may be empty.
    const char* const name = test::is_root() ? "trusted.reaper" : "user.reaper";
    const char* const empty = test::is_root() ? "trusted.empty" : "user.empty";
    if (::fsetxattr(before.get(), name, "xy", 2, 0) != 0) GTEST_SKIP() << "this file system has none";
    ASSERT_EQ(::fsetxattr(before.get(), empty, "", 0, 0), 0);
    replacement_.attributes_of = before.get();
    ASSERT_TRUE(replace_whole_file(replacement_, "after"));
    char value[4] = {};
    EXPECT_EQ(::getxattr(replacement_.path.c_str(), name, value, sizeof value), 2);
    EXPECT_STREQ(value, "xy");
    EXPECT_EQ(::getxattr(replacement_.path.c_str(), empty, value, sizeof value), 0);
}

TEST_F(Replaced, StaysWhereTheLastLookSaysSo) {
    replacement_.before_rename = [&]() -> Result<void> {
        EXPECT_EQ(text(), "before");
        EXPECT_EQ(files_in(directory_.path()), 2U) << "all is written by now";
        return fail("write", "it", "somebody was faster");
    };
    EXPECT_EQ(replace_whole_file(replacement_, "after").error().reason, "somebody was faster");
    EXPECT_EQ(text(), "before");
    EXPECT_EQ(files_in(directory_.path()), 1U);
}

TEST_F(Replaced, TakesAwayWhatDeadWritersHaveLeft) {
    const std::string dead = test::run_in_child([] { return std::to_string(::getpid()); });
    for (const std::string& pid : {dead, std::string("1"), std::string("x")})
        std::ofstream(replacement_.path + ".new-" + pid) << "half";
    ASSERT_TRUE(replace_whole_file(replacement_, "after"));
    EXPECT_FALSE(std::filesystem::exists(replacement_.path + ".new-" + dead));
    EXPECT_EQ(files_in(directory_.path()), 3U) << "a living writer's, and what is none of ours, stays";
}

}  // namespace
}  // namespace reaper
