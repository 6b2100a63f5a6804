#include "report/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "support/snapshot_builder.h"

namespace reaper::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Event an_event() {
    Event event;
    event.id = "19a0-1-0000000042";
    event.at = support::kStartWall;
    event.kind = EventKind::finding;
    event.uid = 1000;
    event.message = "playwright 4711: orphan: hung up";
    event.server = ProcessId{4711, Ticks(79231)};
    event.type = "playwright";
    event.detail["rule"] = "orphan";
    return event;
}

TEST(EventKinds, HaveAWordEachThatLeadsBack) {
    std::set<std::string_view> words;
    for (std::size_t i = 0; i < kEventKinds; ++i) {
        const auto kind = static_cast<EventKind>(i);
        EXPECT_FALSE(to_string(kind).empty());
        EXPECT_EQ(event_kind_from(to_string(kind)), kind);
        words.insert(to_string(kind));
    }
    EXPECT_EQ(words.size(), kEventKinds);
    EXPECT_EQ(to_string(EventKind::hook_failed), "hook_failed") << "the last of the list";
    EXPECT_EQ(event_kind_from("server_start"), std::nullopt);
    EXPECT_EQ(event_kind_from(""), std::nullopt);
}

TEST(EventKinds, AreAllDescribed) {
    std::ifstream file(std::string(REAPER_SOURCE_DIR) + "/docs/events.md");
    const std::string document((std::istreambuf_iterator<char>(file)), {});
    for (std::size_t i = 0; i < kEventKinds; ++i) {
        EXPECT_THAT(document,
                    HasSubstr("| `" + std::string(to_string(static_cast<EventKind>(i))) + "` |"));
    }
}

TEST(EventLine, SaysAllOfIt) {
    EXPECT_EQ(
        to_json_line(an_event()),
        R"({"id":"19a0-1-0000000042","at":"2026-09-21T14:13:20.000Z","event":"finding","uid":1000,)"
        R"("message":"playwright 4711: orphan: hung up","server":"4711@79231","type":"playwright",)"
        R"("detail":{"rule":"orphan"}})");
}

TEST(EventLine, IsNullWhereThereIsNoServer) {
    Event event;
    event.kind = EventKind::paused;
    EXPECT_THAT(to_json_line(event), HasSubstr(R"("server":null,"type":null,"detail":{}})"));
}

TEST(EventLine, IsOneLineAndJsonWhateverIsInIt) {
    Event event = an_event();
    event.message = "a\nb\x1b[31m\xff";
    event.type = "x\ny";
    event.detail["why"] = "c\nd \xff\xfe e";
    const std::string line = to_json_line(event);
    EXPECT_THAT(line, Not(HasSubstr("\n")));
    EXPECT_THAT(line, Not(HasSubstr("\x1b")));
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json["message"], "a\\nb\\x1b[31m\\xff");
    EXPECT_EQ(json["type"], "x\\ny");
}

TEST(EventLine, IsBoundedByLeavingItsDetailOut) {
    Event event = an_event();
    event.message = std::string(100'000, '"');
    event.type = std::string(100'000, '\\');
    event.detail["why"] = std::string(100'000, 'x');
    const std::string line = to_json_line(event);
    EXPECT_LE(line.size(), kLongestEventLine);
    const auto json = nlohmann::json::parse(line);
    EXPECT_EQ(json["id"], event.id);
    EXPECT_EQ(json["detail"]["left_out_bytes"], 100'026);

    event = an_event();
    event.detail["why"] = std::string(10'000, 'x');
    EXPECT_EQ(nlohmann::json::parse(to_json_line(event))["detail"]["why"].get<std::string>().size(),
              10'000U);
}

TEST(EventIds, AreUniqueAndInOrder) {
    EventIds ids(event_stamp(support::kStartWall, 4711));
    std::string last = ids.next();
    EXPECT_EQ(last, "1a0c4506c00-0001267-0000000001");
    for (int i = 0; i < 2000; ++i) {
        const std::string next = ids.next();
        EXPECT_LT(last, next);
        last = next;
    }
}

TEST(EventIds, OfTwoRunsDiffer) {
    const std::string one = event_stamp(support::kStartWall, 4711);
    EXPECT_NE(one, event_stamp(support::kStartWall, 4712));
    EXPECT_LT(one, event_stamp(support::kStartWall + std::chrono::milliseconds(1), 1));
    EXPECT_EQ(one.size(), 19U);
    EXPECT_EQ(event_stamp(WallTime{}, 1).size(), 19U);
}

}  // namespace
}  // namespace reaper::report
