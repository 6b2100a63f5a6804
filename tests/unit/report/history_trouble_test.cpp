// What can be wrong with the history's file: recording stops, says so once, and starts again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "unit/report/history_support.h"

namespace reaper::report::history_test {
namespace {

using namespace std::chrono_literals;
using support::server;
using testing::AllOf;
using testing::HasSubstr;

/// SQLite without our wrapper, as another program uses it.
class Other {
  public:
    explicit Other(const std::string& file) { sqlite3_open(file.c_str(), &handle_); }
    Other(const Other&) = delete;
    Other& operator=(const Other&) = delete;
    ~Other() { sqlite3_close(handle_); }
    void execute(const std::string& sql) const {
        char* error = nullptr;
        sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &error);
        EXPECT_EQ(error, nullptr) << error;
        sqlite3_free(error);
    }

  private:
    sqlite3* handle_ = nullptr;
};

std::string trouble_of(History& history) {
    return history.trouble().value_or("none");
}

std::vector<std::string> set_aside(const Directory& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path() + "/state")) {
        const std::string name = entry.path().filename();
        if (name.find(".corrupt-") != std::string::npos) names.push_back(name);
    }
    return names;
}

void overwrite(const std::string& file, std::streamoff at, const std::string& bytes) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(at);
    stream << bytes;
}

TEST(HistoryTrouble, DamagedFileIsSetAsideAndSaid) {
    const Directory directory;
    TurnedClock time;
    act(*History::open(directory.file(), {}, time.clock()), order_for(server(1)));
    overwrite(directory.file(), 100, std::string(8000, '\xff'));

    const auto history = History::open(directory.file(), {}, time.clock());
    EXPECT_THAT(trouble_of(*history),
                AllOf(HasSubstr("was damaged"), HasSubstr("history.db.corrupt-20260921T141320Z")));
    act(*history, order_for(server(2)));
    EXPECT_EQ(trouble_of(*history), "none");
    EXPECT_EQ(all_records(directory.file()).size(), 1U);
    EXPECT_EQ(set_aside(directory), std::vector<std::string>{"history.db.corrupt-20260921T141320Z"});
}

TEST(HistoryTrouble, FileThatIsNoDatabaseIsSetAside) {
    const Directory directory;
    std::filesystem::create_directory(directory.path() + "/state");
    std::ofstream(directory.file()) << std::string(5000, 'x');
    const auto history = History::open(directory.file(), {});
    EXPECT_THAT(trouble_of(*history), HasSubstr("was damaged"));
    act(*history, order_for(server(2)));
    EXPECT_EQ(all_records(directory.file()).size(), 1U);
}

TEST(HistoryTrouble, NewerFileIsRefusedAndNotTouched) {
    const Directory directory;
    act(*History::open(directory.file(), {}), order_for(server(1)));
    Other(directory.file()).execute("PRAGMA user_version = 99");
    const auto size = std::filesystem::file_size(directory.file());
    {
        const auto history = History::open(directory.file(), {});
        EXPECT_THAT(trouble_of(*history), HasSubstr("a later version of mcp-reaper has written it"));
        EXPECT_EQ(history->intend(order_for(server(2))), 0);
        EXPECT_EQ(trouble_of(*history), "none");
    }
    EXPECT_EQ(std::filesystem::file_size(directory.file()), size);
    EXPECT_TRUE(set_aside(directory).empty());
    EXPECT_THAT(read_history(directory.file(), {}).error().message(), HasSubstr("later version"));
}

TEST(HistoryTrouble, AnotherProgramsDatabaseIsRefusedAndNotTouched) {
    const Directory directory;
    std::filesystem::create_directory(directory.path() + "/state");
    Other(directory.file()).execute("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
    const auto history = History::open(directory.file(), {});
    EXPECT_THAT(trouble_of(*history), HasSubstr("another program's database"));
    EXPECT_TRUE(set_aside(directory).empty());
}

TEST(HistoryTrouble, LockedFileStopsRecordingOnceAndForAWhile) {
    const Directory directory;
    TurnedClock time;
    const auto history = History::open(directory.file(), {}, time.clock());
    const enforce::Order order = order_for(server(1));
    const Other other(directory.file());
    other.execute("BEGIN IMMEDIATE");

    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(history->intend(order), 0);
    EXPECT_THAT(trouble_of(*history),
                AllOf(HasSubstr("another program keeps it locked"), HasSubstr("not recorded for now")));
    for (int i = 0; i < 200; ++i) EXPECT_EQ(history->intend(order), 0);
    EXPECT_LT(std::chrono::steady_clock::now() - before, 20s) << "each for itself they would take 50";
    EXPECT_EQ(trouble_of(*history), "none");

    other.execute("COMMIT");
    EXPECT_EQ(history->intend(order), 0);
    time.advance(31s);
    EXPECT_GT(history->intend(order), 0);
    EXPECT_THAT(trouble_of(*history), HasSubstr("is written again"));
    EXPECT_GT(history->intend(order), 0);
    EXPECT_EQ(trouble_of(*history), "none");
}

TEST(HistoryTrouble, WhatWasNotRecordedWhenItBeganIsRecordedWhole) {
    const Directory directory;
    TurnedClock time;
    const auto history = History::open(directory.file(), {}, time.clock());
    const enforce::Order order = order_for(server(4711));
    {
        const Other other(directory.file());
        other.execute("BEGIN IMMEDIATE");
        EXPECT_EQ(history->intend(order), 0);
    }
    time.advance(31s);
    enforce::Outcome outcome = ended(order);
    outcome.took = 5s;
    history->conclude(0, order, outcome);
    const auto records = all_records(directory.file());
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records.front().at, time.wall - 5s);
    EXPECT_TRUE(records.front().outcome.has_value());
}

TEST(HistoryTrouble, OutcomeOfADeletedHistoryGoesToTheNewOneAndToNoOtherAction) {
    const Directory directory;
    const auto history = History::open(directory.file(), {});
    const enforce::Order order = order_for(server(1));
    const auto entry = history->intend(order);
    for (const char* const suffix : {"", "-wal", "-shm"}) {
        std::filesystem::remove(directory.file() + suffix);
    }
    const auto second = History::open(directory.file(), {});
    EXPECT_EQ(second->intend(order_for(server(2))), entry);
    history->conclude(entry, order, ended(order));
    const auto records = all_records(directory.file());
    ASSERT_EQ(records.size(), 2U);
    for (const HistoryRecord& record : records) {
        EXPECT_EQ(record.outcome.has_value(), record.server.pid == 1);
    }
}

TEST(HistoryTrouble, DirectoryThatOthersMayWriteIsRefused) {
    const Directory directory;
    std::filesystem::create_directory(directory.path() + "/state");
    ASSERT_EQ(::chmod((directory.path() + "/state").c_str(), 0777), 0);
    EXPECT_THAT(trouble_of(*History::open(directory.file(), {})), HasSubstr("others may write it"));
    EXPECT_FALSE(std::filesystem::exists(directory.file()));
}

TEST(HistoryTrouble, LinkOrFifoInItsPlaceIsRefused) {
    const Directory directory;
    std::filesystem::create_directory(directory.path() + "/state");
    ASSERT_EQ(::mkfifo(directory.file().c_str(), 0600), 0);
    EXPECT_THAT(trouble_of(*History::open(directory.file(), {})), HasSubstr("no regular file"));
    std::filesystem::remove(directory.file());
    std::filesystem::create_symlink("/etc/passwd", directory.file());
    EXPECT_THAT(trouble_of(*History::open(directory.file(), {})), HasSubstr("cannot open the history"));
}

TEST(HistoryTrouble, ReadOnlyDirectoryStopsRecording) {
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere; a full disk is tried instead";
    const Directory directory;
    std::filesystem::create_directory(directory.path() + "/state");
    ASSERT_EQ(::chmod((directory.path() + "/state").c_str(), 0500), 0);
    const auto history = History::open(directory.file(), {});
    EXPECT_THAT(trouble_of(*history), HasSubstr("Permission denied"));
    EXPECT_EQ(history->intend(order_for(server(1))), 0);
}

/// Fills up to its limit what `history` writes to; true where it stopped with one trouble that says so.
bool stops_once_when_full(History& history, const std::string& reason) {
    enforce::Order order = order_for(server(1));
    order.reasons.assign(20, std::string(1900, 'x'));
    for (int i = 0; i < 2000; ++i) {
        act(history, order);
        if (const auto trouble = history.trouble()) {
            for (int more = 0; more < 5; ++more) act(history, order);
            EXPECT_THAT(*trouble, HasSubstr(reason));
            EXPECT_EQ(history.trouble(), std::nullopt);
            return true;
        }
    }
    return false;
}

TEST(HistoryTrouble, FullDiskStopsRecordingAndFreeingItStartsItAgain) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may mount a small file system";
    const Directory directory;
    const std::string state = directory.path() + "/state";
    std::filesystem::create_directory(state);
    if (::mount("reaper-test", state.c_str(), "tmpfs", 0, "size=1m,mode=0700") != 0) {
        GTEST_SKIP() << "a file system may not be mounted here";
    }
    {
        TurnedClock time;
        std::ofstream(state + "/ballast") << std::string(200'000, 'x');
        const auto history = History::open(directory.file(), {}, time.clock());
        EXPECT_TRUE(stops_once_when_full(*history, "the disk is full"));
        const auto recorded = all_records(directory.file()).size();
        EXPECT_GT(recorded, 0U);

        std::filesystem::remove(state + "/ballast");
        time.advance(31s);
        act(*history, order_for(server(2)));
        EXPECT_THAT(trouble_of(*history), HasSubstr("is written again"));
        EXPECT_EQ(all_records(directory.file()).back().server.pid, 2);
    }
    EXPECT_EQ(::umount2(state.c_str(), MNT_DETACH), 0);
}

TEST(HistoryTrouble, LimitOnFileSizesStopsRecording) {
    const Directory directory;
    const pid_t child = ::fork();  // the limit cannot be taken back by an ordinary user
    if (child == 0) {
        ::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{200'000, 200'000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const auto history = History::open(directory.file(), {});
        ::_exit(stops_once_when_full(*history, "write the history") ? 0 : 1);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    EXPECT_GT(all_records(directory.file()).size(), 0U);
}

}  // namespace
}  // namespace reaper::report::history_test
