#include "daemon/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace reaper::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Stream : public ::testing::Test {
  protected:
    /// The event number `number`, about a server of this user.
    void push(EventStream& stream, int number, uid_t uid = 0) {
        report::Event event;
        event.id = "s-" + std::to_string(number);
        event.uid = uid;
        stream.push(event, "line " + std::to_string(number));
    }
    EventStream::Deliver into(std::vector<std::string>& lines) {
        return [&lines](std::string_view line) { lines.emplace_back(line); };
    }
    std::vector<std::string> replayed(const EventStream& stream, std::string_view after,
                                      std::optional<uid_t> only = {}) {
        std::vector<std::string> lines;
        stream.replay(only, after, into(lines));
        return lines;
    }
};

TEST_F(Stream, KeepsTheLast) {
    EventStream stream({.events = 3});
    for (int i = 1; i <= 5; ++i) push(stream, i);
    EXPECT_THAT(replayed(stream, ""), ElementsAre("line 3", "line 4", "line 5"));
    EXPECT_EQ(stream.size(), 3U);
}

TEST_F(Stream, KeepsNoMoreThanItsBytes) {
    EventStream stream({.bytes = 20});  // A line has 6.
    for (int i = 1; i <= 5; ++i) push(stream, i);
    EXPECT_THAT(replayed(stream, ""), ElementsAre("line 3", "line 4", "line 5"));
    report::Event large;
    large.id = "large";
    stream.push(large, std::string(100, 'x'));
    EXPECT_THAT(replayed(stream, ""), ElementsAre(std::string(100, 'x'))) << "at least the newest";
}

TEST_F(Stream, ReplaysWhatIsNewerThanAnId) {
    EventStream stream({.events = 3});
    for (int i = 1; i <= 4; ++i) push(stream, i);
    EXPECT_THAT(replayed(stream, "s-3"), ElementsAre("line 4"));
    EXPECT_THAT(replayed(stream, "s-4"), IsEmpty());
    EXPECT_THAT(replayed(stream, "s-1"), ElementsAre("line 2", "line 3", "line 4"))
        << "not kept any more";
    EXPECT_THAT(replayed(stream, "of another run"), ElementsAre("line 2", "line 3", "line 4"));
}

TEST_F(Stream, ShowsAUserTheirOwn) {
    EventStream stream;
    push(stream, 1, 1000);
    push(stream, 2, 1001);
    push(stream, 3, 0);
    std::vector<std::string> lines;
    stream.subscribe(1000, "", into(lines));
    push(stream, 4, 1001);
    push(stream, 5, 1000);
    push(stream, 6, 0);
    EXPECT_THAT(lines, ElementsAre("line 1", "line 5"));
}

TEST_F(Stream, FollowsWithoutAGapBetweenOldAndNew) {
    EventStream stream;
    push(stream, 1);
    push(stream, 2);
    std::vector<std::string> lines;
    const auto subscription = stream.subscribe({}, "s-1", into(lines));
    EXPECT_NE(subscription, 0U);
    push(stream, 3);
    stream.unsubscribe(subscription);
    push(stream, 4);
    EXPECT_THAT(lines, ElementsAre("line 2", "line 3"));
    EXPECT_EQ(stream.subscribers(), 0U);
}

TEST_F(Stream, BoundsItsSubscribers) {
    EventStream stream({.subscribers = 2});
    std::vector<std::string> lines;
    const auto first = stream.subscribe({}, "", into(lines));
    EXPECT_NE(stream.subscribe({}, "", into(lines)), 0U);
    EXPECT_EQ(stream.subscribe({}, "", into(lines)), 0U);
    push(stream, 1);
    EXPECT_EQ(lines.size(), 2U);
    stream.unsubscribe(first);
    EXPECT_NE(stream.subscribe({}, "s-1", into(lines)), 0U);
}

TEST_F(Stream, MayBeLeftAndJoinedWhileItDelivers) {
    EventStream stream;
    std::vector<std::string> lines;
    std::vector<std::string> late;
    EventStream::Subscription self = 0;
    EventStream::Subscription next = 0;
    std::string keeps_the_function_on_the_heap(100, 'x');
    self = stream.subscribe({}, "", [&, keeps_the_function_on_the_heap](std::string_view line) {
        stream.unsubscribe(self);
        stream.unsubscribe(next);
        stream.subscribe({}, "s-1", into(late));
        lines.emplace_back(line);
        lines.push_back(keeps_the_function_on_the_heap.substr(0, 1));
    });
    next = stream.subscribe({}, "", into(lines));
    push(stream, 1);
    push(stream, 2);
    EXPECT_THAT(lines, ElementsAre("line 1", "x"));
    EXPECT_THAT(late, ElementsAre("line 2"));
}

}  // namespace
}  // namespace reaper::daemon
