#include "daemon/file_watch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/child.h"

namespace reaper::daemon {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using test::TemporaryDirectory;

/// Longer than any machine takes to tell; a test that passes does not wait for it.
constexpr auto kPatience = 20s;

struct WatchedFile : ::testing::Test {
    TemporaryDirectory temporary;
    fs::path file = temporary.path("policy.yaml");
    boost::asio::io_context loop;
    unsigned told = 0;
    FileWatch watch{loop, [this] {
                        ++told;
                        loop.stop();
                    }};

    void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }

    void start() { ASSERT_TRUE(watch.watch({file.string()})); }

    /// Whether a change was told.
    bool hears() {
        const unsigned before = told;
        loop.restart();
        loop.run_for(kPatience);
        return told == before + 1;
    }
};

TEST_F(WatchedFile, TellsOfBeingWrittenInPlace) {
    write(file, "one");
    start();
    write(file, "two");
    EXPECT_TRUE(hears());
    write(file, "three");
    EXPECT_TRUE(hears());
}

TEST_F(WatchedFile, TellsOfAnotherFileRenamedOverIt) {
    write(file, "one");
    start();
    for (const char* text : {"two", "three"}) {
        write(temporary.path("policy.yaml.swp"), text);
        fs::rename(temporary.path("policy.yaml.swp"), file);
        EXPECT_TRUE(hears()) << text;
    }
}

TEST_F(WatchedFile, TellsOfBeingMadeAndRemoved) {
    start();
    write(file, "one");
    EXPECT_TRUE(hears());
    fs::remove(file);
    EXPECT_TRUE(hears());
}

TEST_F(WatchedFile, TellsOfItsDirectoryBeingMade) {
    file = temporary.path("etc/mcp-reaper/policy.yaml");
    start();
    fs::create_directory(temporary.path("etc"));
    EXPECT_TRUE(hears());
    fs::create_directory(temporary.path("etc/mcp-reaper"));
    EXPECT_TRUE(hears());
    write(file, "one");
    EXPECT_TRUE(hears());
}

TEST_F(WatchedFile, FollowsALinkToWhatItLeadsTo) {
    fs::create_directory(temporary.path("elsewhere"));
    const fs::path target = temporary.path("elsewhere/mine.yaml");
    write(target, "one");
    fs::create_symlink(target, file);
    start();
    write(target, "two");
    EXPECT_TRUE(hears());
    const fs::path other = temporary.path("elsewhere/other.yaml");
    write(other, "three");
    fs::create_symlink(other, temporary.path("new"));
    fs::rename(temporary.path("new"), file);
    EXPECT_TRUE(hears());
    write(other, "four");
    EXPECT_TRUE(hears());
}

TEST_F(WatchedFile, SaysNothingOfOtherFilesBesideIt) {
    write(file, "one");
    start();
    write(temporary.path("other"), "x");
    write(file, "two");
    EXPECT_TRUE(hears());
    EXPECT_EQ(told, 1U);
}

TEST_F(WatchedFile, SeveralWritesAreOneChange) {
    write(file, "one");
    start();
    for (int i = 0; i < 50; ++i) write(file, std::to_string(i));
    EXPECT_TRUE(hears());
    EXPECT_EQ(told, 1U);
}

}  // namespace
}  // namespace reaper::daemon
