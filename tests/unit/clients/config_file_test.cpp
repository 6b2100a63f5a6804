// Which file is written, and when none is.
#include "clients/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/child.h"

namespace reaper::clients {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr uid_t kAda = 4711;
constexpr uid_t kEve = 4712;

Result<void> nothing() {
    return {};
}

class ConfigFiles : public testing::Test {
  protected:
    ConfigFiles() { put("file", "{}"); }

    void put(const std::string& name, const std::string& text) const {
        std::ofstream(directory_.path(name)) << text;
    }
    [[nodiscard]] std::string text(const std::string& name = "file") const {
        std::ifstream stream(directory_.path(name));
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    [[nodiscard]] Result<ConfigFile> read(const std::string& name = "file") const {
        return ConfigFile::read(directory_.path(name));
    }
    [[nodiscard]] std::string refused(const std::string& name) const {
        const auto file = read(name);
        return file ? "" : file.error().message();
    }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator()));
    }

    test::TemporaryDirectory directory_;
};

TEST_F(ConfigFiles, AreReplacedWithTheSameModeAndOwner) {
    fs::permissions(directory_.path("file"), fs::perms(0640));
    if (test::is_root()) {
        ASSERT_EQ(::chown(directory_.path("file").c_str(), kAda, kAda), 0);
    }
    const auto file = read();
    ASSERT_TRUE(file) << file.error().message();
    bool called = false;
    ASSERT_TRUE(file->replace("[]", [&]() -> Result<void> {
        called = true;
        EXPECT_EQ(text(), "{}");
        return {};
    }));
    EXPECT_TRUE(called);
    EXPECT_EQ(text(), "[]");
    struct stat looks {};
    ASSERT_EQ(::stat(directory_.path("file").c_str(), &looks), 0);
    EXPECT_EQ(looks.st_mode & 07777U, 0640U);
    EXPECT_EQ(looks.st_uid, file->looks().st_uid);
    EXPECT_EQ(files(), 1U);
}

TEST_F(ConfigFiles, StayBehindTheirLinks) {
    fs::create_directory(directory_.path("real"));
    fs::rename(directory_.path("file"), directory_.path("real/target"));
    fs::create_symlink("real/../real/target", directory_.path("link"));
    fs::create_symlink("link", directory_.path("second"));
    const auto file = read("second");
    ASSERT_TRUE(file) << file.error().message();
    EXPECT_EQ(file->real(), fs::canonical(directory_.path("real/target")));
    ASSERT_TRUE(file->replace("[]", nothing));
    EXPECT_EQ(text("real/target"), "[]");
    EXPECT_TRUE(fs::is_symlink(directory_.path("second")) && fs::is_symlink(directory_.path("link")));
}

TEST_F(ConfigFiles, ThatHaveChangedAreNotWritten) {
    using Edit = std::function<void()>;
    const std::string path = directory_.path("file");
    const std::vector<std::pair<const char*, Edit>> edits = {
        {"written to", [&] { put("file", "{1}"); }},
        {"written to, as long as it was, at the same moment",
         [&] {
             struct stat looks {};
             ::stat(path.c_str(), &looks);
             put("file", "[]");
             const timespec times[2] = {looks.st_atim, looks.st_mtim};
             ::utimensat(AT_FDCWD, path.c_str(), times, 0);
         }},
        {"replaced by the same text",
         [&] {
             put("other", "{}");
             fs::rename(directory_.path("other"), path);
         }},
        {"gone", [&] { fs::remove(path); }},
    };
    for (const auto& [what, edit] : edits) {
        for (const bool at_the_last_moment : {false, true}) {
            SCOPED_TRACE(what);
            put("file", "{}");
            const auto file = read();
            ASSERT_TRUE(file);
            if (!at_the_last_moment) edit();
            const auto replaced = file->replace("new", [&]() -> Result<void> {
                EXPECT_TRUE(at_the_last_moment) << "no backup of what is not written";
                edit();
                return {};
            });
            ASSERT_FALSE(replaced);
            EXPECT_THAT(replaced.error().message(), HasSubstr("changed since it was read"));
            EXPECT_NE(text(), "new");
            EXPECT_LE(files(), 1U);
        }
    }
}

TEST_F(ConfigFiles, WithoutABackupAreNotWritten) {
    const auto file = read();
    EXPECT_FALSE(file->replace("new", []() -> Result<void> { return fail("store", "it", "full"); }));
    EXPECT_EQ(text(), "{}");
}

TEST_F(ConfigFiles, WaitForEachOther) {
    const auto first = read();
    const auto second = read();
    ASSERT_TRUE(first && second);
    std::optional<Result<void>> late;
    ASSERT_TRUE(first->replace("[1]", [&]() -> Result<void> {
        // The other one is at the lock now: in a process of its own, as locks know no threads.
        const std::string said = test::run_in_child([&] {
            const UniqueFd same(::open(directory_.path("file").c_str(), O_RDONLY));
            return std::string(::flock(same.get(), LOCK_EX | LOCK_NB) == 0 ? "free" : "locked");
        });
        EXPECT_EQ(said, "locked");
        return {};
    }));
    EXPECT_FALSE(second->replace("[2]", nothing)) << "it read what is gone";
    EXPECT_EQ(text(), "[1]");
}

TEST_F(ConfigFiles, OfOtherKindsAreRefused) {
    fs::create_hard_link(directory_.path("file"), directory_.path("same"));
    EXPECT_THAT(refused("file"), HasSubstr("more than one name"));
    ASSERT_EQ(::mkfifo(directory_.path("fifo").c_str(), 0600), 0);
    EXPECT_THAT(refused("fifo"), HasSubstr("not a regular file"));
    EXPECT_THAT(refused("."), HasSubstr("directory"));
    EXPECT_THAT(refused("none"), HasSubstr("No such file"));
    fs::create_symlink("loop", directory_.path("loop"));
    EXPECT_THAT(refused("loop"), HasSubstr("Too many levels"));
    fs::create_symlink("nowhere/x", directory_.path("dangling"));
    EXPECT_THAT(refused("dangling"), HasSubstr("No such file"));
}

TEST_F(ConfigFiles, OfOthersAreReachedByTheirOwnWaysOnly) {
    if (!test::is_root()) GTEST_SKIP() << "takes root, to give files to others";
    fs::create_directory(directory_.path("ada"));
    fs::create_directory(directory_.path("eve"));
    put("ada/file", "{}");
    fs::create_symlink(directory_.path("ada/file"), directory_.path("eve/link"));
    fs::create_symlink(directory_.path("file"), directory_.path("ada/to-root"));
    put("eve/file", "{}");
    const auto give = [&](const std::string& name, uid_t uid) {
        ASSERT_EQ(::lchown(directory_.path(name).c_str(), uid, uid), 0);
    };
    give("ada", kAda);
    give("ada/file", kAda);
    give("ada/to-root", kAda);
    give("eve", kEve);
    give("eve/link", kEve);
    EXPECT_TRUE(read("ada/file"));
    EXPECT_THAT(refused("eve/link"), HasSubstr("link of another user (uid 4712)"));
    EXPECT_THAT(refused("ada/to-root"), HasSubstr("link of another user (uid 4711)"));
    EXPECT_THAT(refused("eve/file"), HasSubstr("directory belongs to another user"));

    fs::permissions(directory_.path(), fs::perms(0755));
    fs::permissions(directory_.path("ada"), fs::perms(0777));
    fs::permissions(directory_.path("ada/file"), fs::perms(0666));
    const std::string said = test::run_as(kEve, [&] {
        const auto file = read("ada/file");
        const auto replaced = file ? file->replace("x", nothing) : tl::unexpected(file.error());
        return replaced ? "replaced" : replaced.error().message();
    });
    EXPECT_THAT(said, HasSubstr("would become yours"));
}

TEST_F(ConfigFiles, ThatMayNotBeWrittenAreNot) {
    if (!test::is_root()) GTEST_SKIP() << "takes root, to be somebody else then";
    ASSERT_EQ(::chown(directory_.path().c_str(), kAda, kAda), 0);
    ASSERT_EQ(::chown(directory_.path("file").c_str(), kAda, kAda), 0);
    const auto attempt = [&] {
        return test::run_as(kAda, [&] {
            const auto file = read();
            const auto replaced = file ? file->replace("x", nothing) : tl::unexpected(file.error());
            return replaced ? "replaced" : replaced.error().message();
        });
    };
    fs::permissions(directory_.path(), fs::perms(0500));
    EXPECT_THAT(attempt(), HasSubstr("Permission denied"));
    fs::permissions(directory_.path(), fs::perms(0700));
    fs::permissions(directory_.path("file"), fs::perms(0400));
    EXPECT_THAT(attempt(), HasSubstr("Permission denied"));
    fs::permissions(directory_.path("file"), fs::perms(0600));
    EXPECT_EQ(text(), "{}");
    EXPECT_EQ(attempt(), "replaced");
}

}  // namespace
}  // namespace reaper::clients
