#include "report/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "support/child.h"
#include "support/snapshot_builder.h"

namespace reaper::report {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr MonotonicTime kNow = support::kStart;

class Log : public ::testing::Test {
  protected:
    [[nodiscard]] std::string path(const std::string& more = "") const {
        return directory_.path("log/events.jsonl" + more);
    }
    [[nodiscard]] EventLogSettings settings(std::uint64_t size = 1000, unsigned files = 3) const {
        return {path(), Bytes{size}, files};
    }
    [[nodiscard]] std::string contents(const std::string& more = "") const {
        std::ifstream file(path(more));
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(directory_.path("log"))) {
            names.push_back(entry.path().filename());
        }
        return names;
    }
    [[nodiscard]] mode_t mode(const std::string& of) const {
        struct stat entry {};
        EXPECT_EQ(::stat(of.c_str(), &entry), 0) << of;
        return entry.st_mode & 07777;
    }
    void put(const std::string& more, const std::string& text) const {
        std::filesystem::create_directories(directory_.path("log"));
        std::ofstream(path(more)) << text;
        ::chmod(path(more).c_str(), 0600);
        ::chmod(directory_.path("log").c_str(), 0700);
    }

    test::TemporaryDirectory directory_;
};

TEST_F(Log, IsMadeForItsOwnerAlone) {
    ::umask(0);
    EventLog log(settings());
    log.write("{\"a\":1}", kNow);
    log.write("{\"a\":2}", kNow);
    ::umask(022);
    EXPECT_EQ(log.trouble(), std::nullopt);
    EXPECT_EQ(contents(), "{\"a\":1}\n{\"a\":2}\n");
    EXPECT_EQ(mode(path()), 0600U);
    EXPECT_EQ(mode(directory_.path("log")), 0700U);
}

TEST_F(Log, RotatesBeforeItIsTooLarge) {
    EventLog log(settings(10, 3));
    for (const char* line : {"aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff", "gggg"})
        log.write(line, kNow);
    EXPECT_EQ(log.trouble(), std::nullopt);
    EXPECT_EQ(contents(), "gggg\n");
    EXPECT_EQ(contents(".1"), "eeee\nffff\n");
    EXPECT_EQ(contents(".2"), "cccc\ndddd\n");
    EXPECT_THAT(files(), UnorderedElementsAre("events.jsonl", "events.jsonl.1", "events.jsonl.2"));
}

TEST_F(Log, TakesALineLargerThanAFile) {
    EventLog log(settings(10, 2));
    log.write("aaaa", kNow);
    log.write(std::string(50, 'b'), kNow);
    log.write("cccc", kNow);
    EXPECT_EQ(contents(), "cccc\n");
    EXPECT_EQ(contents(".1"), std::string(50, 'b') + "\n");
}

TEST_F(Log, OfOneFileBeginsAnew) {
    EventLog log(settings(10, 1));
    for (const char* line : {"aaaa", "bbbb", "cccc"}) log.write(line, kNow);
    EXPECT_EQ(log.trouble(), std::nullopt);
    EXPECT_EQ(contents(), "cccc\n");
    EXPECT_THAT(files(), ElementsAre("events.jsonl"));
}

TEST_F(Log, KeepsItsModeOverARotation) {
    put("", "old1234\n");
    ::chmod(path().c_str(), 0640);
    if (::geteuid() == 0) {
        ASSERT_EQ(::chown(path().c_str(), 0, 4), 0);  // adm
    }
    EventLog log(settings(10, 3));
    log.write("new", kNow);
    EXPECT_EQ(contents(), "new\n");
    EXPECT_EQ(contents(".1"), "old1234\n");
    EXPECT_EQ(mode(path()), 0640U);
    EXPECT_EQ(mode(path(".1")), 0640U);
    struct stat entry {};
    ::stat(path().c_str(), &entry);
    if (::geteuid() == 0) {
        EXPECT_EQ(entry.st_gid, 4U);
    }
}

TEST_F(Log, LosesNothingWhereARotationWasCutShort) {
    // Ended after .2 had become .3 and .1 had become .2: nothing is .1.
    put(".3", "oldest\n");
    put(".2", "older\n");
    put("", "newest\n");
    EventLog log(settings(10, 4));
    log.write("line", kNow);
    EXPECT_EQ(contents(".3"), "oldest\n");
    EXPECT_EQ(contents(".2"), "older\n");
    EXPECT_EQ(contents(".1"), "newest\n");
    EXPECT_EQ(contents(), "line\n");
}

TEST_F(Log, BeginsANewLineAfterOneThatWasCutShort) {
    put("", "{\"whole\":1}\n{\"ha");
    EventLog log(settings());
    log.write("{\"next\":1}", kNow);
    log.write("{\"next\":2}", kNow);
    EXPECT_EQ(contents(), "{\"whole\":1}\n{\"ha\n{\"next\":1}\n{\"next\":2}\n");
}

TEST_F(Log, IsFoundAgainWhereItWasMovedAway) {
    EventLog log(settings());
    log.write("one", kNow);
    std::filesystem::rename(path(), path(".moved"));
    log.write("two", kNow);
    std::filesystem::remove(path());
    log.write("three", kNow);
    EXPECT_EQ(contents(".moved"), "one\n");
    EXPECT_EQ(contents(), "three\n");
    EXPECT_EQ(log.trouble(), std::nullopt);
}

TEST_F(Log, IsBegunWithOtherSettingsByAReload) {
    EventLog log(settings(10, 4));
    for (const char* line : {"aaaa", "bbbb", "cccc", "dddd", "eeee", "ffff", "gggg"})
        log.write(line, kNow);
    EXPECT_EQ(files().size(), 4U);
    log.configure(settings(10, 2));
    log.write("hhhh", kNow);
    log.write("iiii", kNow);
    EXPECT_EQ(contents(".1"), "gggg\nhhhh\n");
    EXPECT_THAT(files(), UnorderedElementsAre("events.jsonl", "events.jsonl.1")) << "too many now";

    EventLogSettings other = settings();
    other.path = directory_.path("elsewhere.jsonl");
    log.configure(other);
    log.write("jjjj", kNow);
    EXPECT_TRUE(std::filesystem::exists(other.path));
    EXPECT_EQ(contents(), "iiii\n");
}

TEST_F(Log, RefusesALink) {
    put(".real", "");
    std::filesystem::create_symlink(path(".real"), path());
    EventLog log(settings());
    log.write("x", kNow);
    EXPECT_EQ(log.trouble(), "cannot write the event log " + path() +
                                 ": it is a symbolic link; events are missing in it for now");
    EXPECT_EQ(contents(".real"), "");
}

TEST_F(Log, RefusesWhatIsNoFile) {
    std::filesystem::create_directories(path());
    ::chmod(directory_.path("log").c_str(), 0700);
    EventLog log(settings());
    log.write("x", kNow);
    EXPECT_THAT(log.trouble().value_or(""), HasSubstr("cannot write the event log"));

    std::filesystem::remove(path());
    ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
    log.write("x", kNow + seconds(30));
    log.write("x", kNow + seconds(60));
    EXPECT_EQ(log.trouble(), std::nullopt) << "it has been said, and nothing has hung";
}

TEST_F(Log, RefusesWhatOthersMayWrite) {
    put("", "");
    ::chmod(path().c_str(), 0666);
    EventLog log(settings());
    log.write("x", kNow);
    EXPECT_THAT(log.trouble().value_or(""), HasSubstr("others may write it; chmod go-w"));
    ::chmod(path().c_str(), 0600);
    ::chmod(directory_.path("log").c_str(), 0777);
    EventLog second(settings());
    second.write("x", kNow);
    EXPECT_THAT(second.trouble().value_or(""), HasSubstr("others may write this directory"));
    EXPECT_EQ(contents(), "");
}

TEST_F(Log, RefusesAnothersFile) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can make one";
    put("", "");
    ASSERT_EQ(::chown(path().c_str(), 65534, 65534), 0);
    EventLog log(settings());
    log.write("x", kNow);
    EXPECT_THAT(log.trouble().value_or(""), HasSubstr("it belongs to user 65534"));
    EXPECT_EQ(contents(), "");
}

TEST_F(Log, TriesAgainAfterHalfAMinuteAndTellsWhatIsMissing) {
    std::filesystem::create_directories(path());
    ::chmod(directory_.path("log").c_str(), 0700);
    EventLog log(settings());
    log.write("1", kNow);
    EXPECT_TRUE(log.trouble().has_value());
    std::filesystem::remove(path());
    log.write("2", kNow + seconds(29));
    EXPECT_FALSE(std::filesystem::exists(path())) << "not tried";
    EXPECT_EQ(log.trouble(), std::nullopt);
    log.write("3", kNow + seconds(30));
    EXPECT_EQ(log.trouble(),
              "the event log " + path() + " is written again; 2 events are missing in it");
    EXPECT_EQ(contents(), "3\n");
}

/// In a process of its own: a limit on the size of files is the whole process'.
TEST_F(Log, LeavesNoHalfLineWhereTheRestDoesNotFit) {
    put("", "");
    const auto body = [&] {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{100, 100};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        EventLog log(settings(100'000));
        log.write(std::string(60, 'a'), kNow);
        if (log.trouble()) ::_exit(2);
        log.write(std::string(60, 'b'), kNow);
        if (!log.trouble()) ::_exit(3);
        log.write(std::string(20, 'c'), kNow + seconds(30));
        ::_exit(log.trouble() ? 0 : 4);
    };
    const pid_t pid = ::fork();
    if (pid == 0) body();
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(contents(), std::string(60, 'a') + "\n" + std::string(20, 'c') + "\n");
}

TEST_F(Log, SaysOnceThatTheDiskIsFullAndGoesOnWhenItIsNot) {
    put("", "");
    std::filesystem::remove(path());
    const std::string disk = directory_.path("log");
    if (::mount("reaper-test", disk.c_str(), "tmpfs", 0, "size=64k,mode=0700") != 0) {
        GTEST_SKIP() << "a full disk takes a mount, and that takes root";
    }
    std::ofstream(disk + "/filler") << std::string(56 * 1024, 'f') << std::flush;
    EventLog log(settings(1'000'000));
    int said = 0;
    for (int i = 0; i < 100; ++i) {
        log.write(std::string(500, 'x'), kNow + seconds(31 * i));
        if (const auto trouble = log.trouble()) {
            ++said;
            EXPECT_THAT(*trouble, HasSubstr("the disk is full; events are missing in it for now"));
        }
    }
    EXPECT_EQ(said, 1);
    std::filesystem::remove(disk + "/filler");
    log.write("again", kNow + seconds(4000));
    EXPECT_THAT(log.trouble().value_or(""), HasSubstr("is written again"));
    std::istringstream text(contents());
    for (std::string line; std::getline(text, line);) {
        EXPECT_TRUE(line == "again" || line == std::string(500, 'x')) << line;
    }
    log.configure({directory_.path("none"), Bytes{1}, 1});  // Lets go of the mount.
    EXPECT_EQ(::umount(disk.c_str()), 0);
}

}  // namespace
}  // namespace reaper::report
