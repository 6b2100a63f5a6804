// The history as it is written and read: what is kept, for whom, and for how long.
#include "report/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <sstream>

#include "unit/report/history_support.h"

namespace reaper::report::history_test {
namespace {

using namespace std::chrono_literals;
using support::server;
using testing::HasSubstr;

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

mode_t mode_of(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
    return found.st_mode & 0777;
}

std::vector<std::string> files_in(const std::string& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
}

TEST(History, KeepsWhatWasOrderedAndWhatItCameTo) {
    const Directory directory;
    TurnedClock time;
    const enforce::Order order =
        order_for(server(4711).type("playwright").npx().orphaned().client("claude", 11));
    {
        const auto history = History::open(directory.file(), {}, time.clock());
        const auto entry = history->intend(order);
        EXPECT_GT(entry, 0);
        history->conclude(entry, order, ended(order));
        EXPECT_EQ(history->trouble(), std::nullopt);
    }
    const auto records = all_records(directory.file());
    ASSERT_EQ(records.size(), 1U);
    const HistoryRecord& record = records.front();
    EXPECT_EQ(record.at, time.wall);
    EXPECT_EQ(record.server, order.server.id);
    EXPECT_EQ(record.type, "playwright");
    EXPECT_EQ(record.client, "claude");
    EXPECT_EQ(record.client_pid, 11);
    EXPECT_EQ(record.uid, support::kUser);
    EXPECT_EQ(record.rules, std::vector<std::string>{"orphan"});
    EXPECT_EQ(record.reasons, order.reasons);
    EXPECT_EQ(record.members.size(), order.server.members.size());
    EXPECT_EQ(record.memory, order.server.usage.memory);
    EXPECT_EQ(record.channel, "closed");
    EXPECT_THAT(record.in, HasSubstr("closed (HUP)"));
    ASSERT_TRUE(record.outcome.has_value());
    EXPECT_EQ(*record.outcome, recorded(ended(order)));
}

TEST(History, IsItsOwnersAlone) {
    const Directory directory;
    const auto history = History::open(directory.file(), {});
    act(*history, order_for(server(1)));
    EXPECT_EQ(mode_of(directory.path() + "/state"), 0700U);
    for (const std::string& name : files_in(directory.path() + "/state")) {
        EXPECT_EQ(mode_of(directory.path() + "/state/" + name), 0600U) << name;
    }
}

TEST(History, KeepsNoSecretsAndNoControlCharacters) {
    const Directory directory;
    enforce::Order order = order_for(server(1).program("x-mcp --api-key=hunter2hunter2"));
    order.reasons = {"--access-token sbp_0123456789abcdef0123456789abcdef01234567"};
    order.server.members.front().comm = "a\nb\x1b[2J\xff";
    order.server.client->name = "evil\x1b]0;x\x07";
    enforce::Outcome outcome = ended(order);
    outcome.why = "postgresql://user:tiger@host/db";
    {
        const auto history = History::open(directory.file(), {});
        history->conclude(history->intend(order), order, outcome);
    }
    const std::string all = bytes_of(directory.file());
    EXPECT_TRUE(all.find("x-mcp") != std::string::npos);
    for (const char* const harm : {"hunter2", "sbp_0123", "tiger", "\x1b[2J", "\x1b]0"}) {
        EXPECT_TRUE(all.find(harm) == std::string::npos) << harm;
    }
    EXPECT_EQ(all_records(directory.file()).front().members.front().comm, "a\\nb\\x1b[2J\\xff");
}

TEST(History, ShowsAnActionUnderWayWhileItsProcessLives) {
    const Directory directory;
    const auto history = History::open(directory.file(), {});
    history->intend(order_for(server(1)));
    const auto records = all_records(directory.file());
    ASSERT_EQ(records.size(), 1U);
    EXPECT_FALSE(records.front().outcome.has_value());
    EXPECT_TRUE(records.front().under_way);
}

TEST(History, ShowsAnActionInterruptedWhenItsProcessWasKilled) {
    const Directory directory;
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto history = History::open(directory.file(), {});
        history->intend(order_for(server(4711)));
        static_cast<void>(::write(told[1], "x", 1));
        for (;;) ::pause();
    }
    char byte = 0;
    EXPECT_EQ(::read(told[0], &byte, 1), 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(told[0]);
    ::close(told[1]);

    const auto records = all_records(directory.file());
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records.front().server.pid, 4711);
    EXPECT_FALSE(records.front().outcome.has_value());
    EXPECT_FALSE(records.front().under_way);

    const auto history = History::open(directory.file(), {});
    act(*history, order_for(server(2)));
    EXPECT_EQ(history->trouble(), std::nullopt);
    EXPECT_EQ(all_records(directory.file()).size(), 2U);
}

TEST(History, TakesTwoWritersAtOnce) {
    constexpr int kEach = 30;
    // Who waits longer for the other than for a busy file records nothing for a while: where a disk
    // takes that long to sync, this would be a test of the disk.
    const Directory directory("/dev/shm");
    const auto write_all = [&] {
        const auto history = History::open(directory.file(), {});
        for (int i = 0; i < kEach; ++i) act(*history, order_for(server(i + 1)));
        return history->trouble() == std::nullopt;
    };
    const pid_t child = ::fork();
    if (child == 0) ::_exit(write_all() ? 0 : 1);
    EXPECT_TRUE(write_all());
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
    const auto records = all_records(directory.file());
    EXPECT_EQ(records.size(), 2U * kEach);
    for (const HistoryRecord& record : records) EXPECT_TRUE(record.outcome.has_value());
}

TEST(History, ForgetsWhatIsTooOld) {
    const Directory directory;
    TurnedClock time;
    policy::HistorySettings settings;
    settings.keep = 24h;
    act(*History::open(directory.file(), settings, time.clock()), order_for(server(1)));
    time.advance(23h);
    act(*History::open(directory.file(), settings, time.clock()), order_for(server(2)));
    time.advance(2h);
    History::open(directory.file(), settings, time.clock());
    const auto records = all_records(directory.file());
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records.front().server.pid, 2);
}

TEST(History, ForgetsTheOldestWhereItGrowsTooLarge) {
    const Directory directory;
    TurnedClock time;
    policy::HistorySettings settings;
    settings.max_size = Bytes::from_kib(256);  // some fifty of what follows
    enforce::Order order = order_for(server(1));
    order.reasons = {std::string(1500, 'x'), std::string(1500, 'y'), std::string(1500, 'z')};
    {
        const auto history = History::open(directory.file(), settings, time.clock());
        for (pid_t pid = 1; pid <= 80; ++pid) {
            order.server.id.pid = pid;
            act(*history, order);
            time.advance(1s);
        }
    }
    const auto records = all_records(directory.file());
    ASSERT_GT(records.size(), 20U);
    EXPECT_LT(records.size(), 60U);
    EXPECT_EQ(records.back().server.pid, 80);
    EXPECT_LE(std::filesystem::file_size(directory.file()), settings.max_size.value);
}

TEST(HistoryReader, FindsByTypeTimeServerAndNumber) {
    const Directory directory;
    TurnedClock time;
    const auto history = History::open(directory.file(), {}, time.clock());
    for (const char* const type : {"playwright", "git", "playwright", "fetch"}) {
        static pid_t pid = 100;
        act(*history, order_for(server(++pid).type(type)));
        time.advance(1min);
    }
    const auto pids = [&](const HistoryQuery& query) {
        std::vector<pid_t> found;
        const auto page = read_history(directory.file(), query);
        for (const HistoryRecord& record : (*page)->records) {
            found.push_back(record.server.pid);
        }
        return found;
    };
    EXPECT_EQ(pids({}), (std::vector<pid_t>{101, 102, 103, 104}));
    EXPECT_EQ(pids({.since = time.wall - 2min}), (std::vector<pid_t>{103, 104}));
    EXPECT_EQ(pids({.types = {"playwright"}}), (std::vector<pid_t>{101, 103}));
    EXPECT_EQ(pids({.types = {"git", "fetch"}}), (std::vector<pid_t>{102, 104}));
    EXPECT_EQ(pids({.server = 102}), (std::vector<pid_t>{102}));
    EXPECT_EQ(pids({.user = support::kUser, .limit = 1}), (std::vector<pid_t>{104}));
    EXPECT_EQ(pids({.user = support::kUser + 1}), (std::vector<pid_t>{}));
    EXPECT_EQ(pids({.limit = 3}), (std::vector<pid_t>{102, 103, 104}));
    EXPECT_EQ((**read_history(directory.file(), {.limit = 3})).left_out, 1U);
}

TEST(HistoryReader, FindsNothingWhereThereIsNoFileAndMakesNone) {
    const Directory directory;
    const auto page = read_history(directory.file(), {});
    ASSERT_TRUE(page.has_value());
    EXPECT_FALSE(page->has_value());
    EXPECT_FALSE(std::filesystem::exists(directory.path() + "/state"));
}

TEST(HistoryReader, ChangesNothing) {
    const Directory directory;
    act(*History::open(directory.file(), {}), order_for(server(1)));
    const std::string state = directory.path() + "/state";
    const std::string before = bytes_of(directory.file());
    EXPECT_EQ(files_in(state), std::vector<std::string>{"history.db"});
    EXPECT_EQ(all_records(directory.file()).size(), 1U);
    EXPECT_EQ(files_in(state), std::vector<std::string>{"history.db"});
    EXPECT_EQ(bytes_of(directory.file()), before);
}

TEST(HistoryReader, SeesWhatIsStillInTheLog) {
    const Directory directory;
    const auto history = History::open(directory.file(), {});
    act(*history, order_for(server(1)));
    ASSERT_TRUE(std::filesystem::exists(directory.file() + "-wal"));
    EXPECT_EQ(all_records(directory.file()).size(), 1U);
}

TEST(HistoryReader, RefusesWhatIsNoHistory) {
    const Directory directory;
    std::filesystem::create_directory(directory.path() + "/state");
    std::ofstream(directory.file()) << "this is no database at all, but it is long enough to be read "
                                    << std::string(2000, 'x');
    const auto page = read_history(directory.file(), {});
    ASSERT_FALSE(page.has_value());
    EXPECT_THAT(page.error().message(), HasSubstr("cannot read the history"));
    EXPECT_THAT(page.error().message(), HasSubstr("damaged"));
}

}  // namespace
}  // namespace reaper::report::history_test
