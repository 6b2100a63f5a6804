// mcp-reaper history, over histories that the test has written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/program.h"
#include "report/history.h"
#include "report/text_width.h"

namespace reaper::cli_test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

/// What a user of the real history would see: three actions, two hours, one hour and no time ago.
class History : public testing::Test {
  protected:
    static enforce::Order order(pid_t pid, const std::string& type) {
        enforce::Order order;
        order.server.id = {pid, Ticks(100)};
        order.server.type = type;
        order.server.program = type + "-mcp --api-key=hunter2hunter2";
        scan::Member member;
        member.id = order.server.id;
        member.part = scan::Member::Part::server;
        member.comm = "evil\x1b[2J\nline";
        order.server.members.push_back(std::move(member));
        order.rules = {policy::Rule::orphan};
        order.reasons = {"both ends of its channel have been closed for 42 seconds"};
        return order;
    }

    void write_history() const {
        WallTime now =
            std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now()) -
            2h;
        report::HistoryClock clock = report::real_history_clock();
        clock.wall = [&now] { return now; };
        const auto history = report::History::open(file(), {}, clock);
        enforce::Outcome outcome;
        outcome.effect = enforce::Effect::killed;
        outcome.freed = Bytes::from_mib(312);
        outcome.took = 10'100ms;
        for (const auto& [pid, type] : {std::pair(101, "playwright"), std::pair(102, "git")}) {
            const enforce::Order one = order(pid, type);
            outcome.ended = {one.server.id};
            history->conclude(history->intend(one), one, outcome);
            now += 1h;
        }
        history->intend(order(103, "playwright"));
    }

    [[nodiscard]] std::string file() const { return directory_.file("state/history.db"); }

    [[nodiscard]] Call call(std::vector<std::string> options) const {
        options.insert(options.begin(), "history");
        Call call;
        call.arguments = std::move(options);
        call.environment = {{"STATE_DIRECTORY", directory_.file("state")}, {"TZ", "UTC"}};
        return call;
    }

    TemporaryDirectory directory_;
};

TEST_F(History, NothingDoneYetIsSaidAndNothingIsMade) {
    const Outcome outcome = run(call({}));
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, HasSubstr("Nothing has been done yet."));
    EXPECT_FALSE(std::filesystem::exists(directory_.file("state")));
    const auto json = nlohmann::json::parse(run(call({"--format", "json"})).out);
    EXPECT_TRUE(json["actions"].empty());
}

TEST_F(History, ShowsActionsNewestLastWithReasonAndOutcome) {
    write_history();
    const Outcome outcome = run(call({}));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_LT(outcome.out.find("101"), outcome.out.find("102"));
    EXPECT_LT(outcome.out.find("102"), outcome.out.find("103"));
    for (const char* const part :
         {"terminate", "playwright", "killed", "10.1 s", "312 MiB freed",
          "by rule orphan: both ends of its channel", "under way", "3 actions"}) {
        EXPECT_THAT(outcome.out, HasSubstr(part));
    }
}

TEST_F(History, IsNarrowedByTimeTypeServerAndNumber) {
    write_history();
    const auto pids = [&](std::vector<std::string> options) {
        options.insert(options.end(), {"--format", "json"});
        std::vector<std::string> ids;
        const auto json = nlohmann::json::parse(run(call(options)).out);
        for (const auto& action : json["actions"]) {
            ids.push_back(action["server"]["id"]);
        }
        return ids;
    };
    using Ids = std::vector<std::string>;
    EXPECT_EQ(pids({}), (Ids{"101@100", "102@100", "103@100"}));
    EXPECT_EQ(pids({"--since", "90m"}), (Ids{"102@100", "103@100"}));
    EXPECT_EQ(pids({"--since", "1d"}).size(), 3U);
    EXPECT_EQ(pids({"--type", "git"}), (Ids{"102@100"}));
    EXPECT_EQ(pids({"--type", "git", "--type", "playwright"}).size(), 3U);
    EXPECT_EQ(pids({"--server", "103"}), (Ids{"103@100"}));
    EXPECT_EQ(pids({"--limit", "1"}), (Ids{"103@100"}));
    EXPECT_THAT(run(call({"--limit", "1"})).out, HasSubstr("2 older ones are not shown"));
    EXPECT_THAT(run(call({"--type", "nope"})).out, HasSubstr("Nothing that fits was done."));
}

TEST_F(History, ShowsNeitherSecretsNorEscapes) {
    write_history();
    for (const std::string format : {"table", "json"}) {
        const Outcome outcome = run(call({"--format", format}));
        EXPECT_THAT(outcome.out, Not(HasSubstr("hunter2")));
        EXPECT_THAT(outcome.out, Not(HasSubstr("\x1b")));
    }
}

TEST_F(History, FitsNarrowTerminals) {
    write_history();
    for (const unsigned short columns : std::initializer_list<unsigned short>{120, 80, 60, 52}) {
        Call narrow = call({});
        narrow.out = StdOut::terminal;
        narrow.columns = columns;
        for (const std::string& line : lines(without_colours(run(narrow).out))) {
            EXPECT_LE(report::display_width(line), columns) << line;
        }
    }
}

TEST_F(History, WhatItsJsonSaysIsDescribed) {
    write_history();
    const auto json = nlohmann::json::parse(run(call({"--format", "json"})).out);
    EXPECT_EQ(json["schema"], 1);
    EXPECT_EQ(json["actions"][0]["state"], "done");
    EXPECT_EQ(json["actions"][0]["outcome"]["effect"], "killed");
    EXPECT_EQ(json["actions"][2]["state"], "under way");
    EXPECT_TRUE(json["actions"][2]["outcome"].is_null());
    const std::string document = contents(std::string(REAPER_SOURCE_DIR) + "/docs/history.md");
    const std::function<void(const nlohmann::json&)> look = [&](const nlohmann::json& value) {
        if (value.is_array()) {
            for (const auto& one : value) look(one);
        }
        if (!value.is_object()) return;
        for (const auto& [key, one] : value.items()) {
            EXPECT_THAT(document, HasSubstr("`" + key + "`"));
            look(one);
        }
    };
    look(json);
}

TEST_F(History, DamagedFileIsAFailureThatNamesIt) {
    std::filesystem::create_directory(directory_.file("state"));
    std::ofstream(file()) << std::string(5000, 'x');
    const Outcome outcome = run(call({}));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("cannot read the history " + file() + ": it is damaged"));
}

}  // namespace
}  // namespace reaper::cli_test
