// Files that may not be read, or may not be trusted: refused with what to do about it.
#include "policy/policy_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "policy/loader.h"

using reaper::policy::load_policy;
using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

namespace {

class PolicyFile : public ::testing::Test {
  protected:
    PolicyFile() {
        std::string name = std::filesystem::temp_directory_path() / "policy_file_test.XXXXXX";
        directory_ = ::mkdtemp(name.data());
    }
    ~PolicyFile() override { std::filesystem::remove_all(directory_); }

    [[nodiscard]] std::string path(const std::string& name = "p.yaml") const {
        return directory_ / name;
    }

    std::string write(const std::string& text, mode_t mode = 0644) const {
        std::ofstream(path()) << text;
        EXPECT_EQ(::chmod(path().c_str(), mode), 0);
        return path();
    }

    /// The only error of loading it; empty where it loads.
    static std::string error(const std::string& file) {
        const auto loaded = load_policy(file);
        return loaded ? std::string{} : loaded.error().front().message();
    }

    static bool is_root() { return ::geteuid() == 0; }

    std::filesystem::path directory_;
};

}  // namespace

TEST_F(PolicyFile, LoadsAndIsWhatErrorsName) {
    EXPECT_EQ(error(write("version: 1\n")), "");
    EXPECT_EQ(error(write("version: 1\nfoo: 1\n")).substr(0, path().size() + 5), path() + ":2:1:");
}

TEST_F(PolicyFile, ThatIsNotThereIsAnError) {
    EXPECT_EQ(error(path("missing.yaml")),
              path("missing.yaml") + ": cannot be opened: No such file or directory");
    EXPECT_THAT(error(""), EndsWith("cannot be opened: No such file or directory"));
}

TEST_F(PolicyFile, ThatIsADirectoryOrADeviceIsAnError) {
    EXPECT_EQ(error(directory_),
              directory_.string() + ": this is a directory; name a policy file in it");
    EXPECT_EQ(error("/dev/zero"), "/dev/zero: neither a regular file nor a pipe");
}

TEST_F(PolicyFile, ThatIsAPipeNobodyWritesDoesNotHang) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    EXPECT_EQ(error(path("pipe")), path("pipe") + ": nothing was written into this pipe");
}

TEST_F(PolicyFile, MayBeAPipe) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const std::string text = "version: 1\n";
    ASSERT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(ends[1]);
    EXPECT_EQ(error("/dev/fd/" + std::to_string(ends[0])), "");
    ::close(ends[0]);
}

TEST_F(PolicyFile, LargerThanAMegabyteIsRefused) {
    write("version: 1\n");
    ASSERT_EQ(::truncate(path().c_str(), 1024 * 1024 + 1), 0);
    EXPECT_EQ(error(path()), path() + ": larger than 1024 KiB; this is no policy");
    ASSERT_EQ(::truncate(path().c_str(), 1L << 40), 0);  // A hole: nothing of it may be read.
    EXPECT_EQ(error(path()), path() + ": larger than 1024 KiB; this is no policy");
}

TEST_F(PolicyFile, ThatEveryoneMayWriteIsRefused) {
    EXPECT_THAT(
        error(write("version: 1\n", 0646)),
        AnyOf(
            path() + ": this file may be written by everyone: chmod o-w " + path(),
            path() +
                ": this file may be written by everyone, and root obeys only what others cannot write: "
                "chmod go-w " +
                path()));
}

TEST_F(PolicyFile, ThatMayNotBeReadIsAnError) {
    if (is_root()) GTEST_SKIP() << "root may read everything";
    EXPECT_EQ(error(write("version: 1\n", 0)), path() + ": cannot be opened: Permission denied");
}

TEST_F(PolicyFile, OfItsGroupIsRefusedByRoot) {
    write("version: 1\n", 0664);
    if (!is_root()) {
        EXPECT_EQ(error(path()), "");
        return;
    }
    EXPECT_EQ(error(path()), "");  // Root's own group.
    ASSERT_EQ(::chown(path().c_str(), 0, 12345), 0);
    EXPECT_THAT(error(path()),
                HasSubstr("this file may be written by its group, and root obeys only what others "
                          "cannot write: chmod go-w "));
}

TEST_F(PolicyFile, OfAnotherUserIsRefusedByRoot) {
    if (!is_root()) GTEST_SKIP() << "only root can give a file away";
    write("version: 1\n");
    ASSERT_EQ(::chown(path().c_str(), 12345, 0), 0);
    EXPECT_EQ(error(path()),
              path() +
                  ": this file belongs to uid 12345, and root obeys only what root owns: chown root " +
                  path());
}

TEST_F(PolicyFile, InADirectoryThatOthersMayWriteIsRefusedByRoot) {
    write("version: 1\n");
    ASSERT_EQ(::chmod(directory_.c_str(), 0777), 0);
    if (!is_root()) {
        EXPECT_EQ(error(path()), "");
        return;
    }
    EXPECT_THAT(error(path()), StartsWith(path() + ": its directory " + directory_.string() +
                                          " may be written by everyone"));
    ASSERT_EQ(::chmod(directory_.c_str(), 01777), 0);  // Sticky, like /tmp: nobody can replace it.
    EXPECT_EQ(error(path()), "");
}

TEST_F(PolicyFile, BehindALinkIsJudgedWhereItLies) {
    if (!is_root()) GTEST_SKIP() << "only root minds";
    std::filesystem::create_directory(directory_ / "open");
    write("version: 1\n");
    std::filesystem::rename(path(), directory_ / "open" / "p.yaml");
    std::filesystem::create_symlink(directory_ / "open" / "p.yaml", path("link.yaml"));
    EXPECT_EQ(error(path("link.yaml")), "");
    ASSERT_EQ(::chmod((directory_ / "open").c_str(), 0777), 0);
    EXPECT_THAT(error(path("link.yaml")), HasSubstr("/open may be written by everyone"));

    // The link itself can be swapped by whoever may write its own directory.
    ASSERT_EQ(::chmod((directory_ / "open").c_str(), 0755), 0);
    ASSERT_EQ(::chmod(directory_.c_str(), 0777), 0);
    EXPECT_THAT(error(path("link.yaml")),
                HasSubstr(directory_.string() + " may be written by everyone"));
}
