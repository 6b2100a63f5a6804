#include "policy/tracks.h"

#include <gtest/gtest.h>

#include "policy/policy.h"
#include "support/snapshot_builder.h"

namespace reaper::policy {
namespace {

using support::kStart;
using support::server;
using support::snapshot;
using namespace std::chrono_literals;

const ProcessId kServer = support::id_of(100);
constexpr auto kOrphan = static_cast<std::size_t>(Rule::orphan);
constexpr auto kOverCpu = static_cast<std::size_t>(Rule::over_cpu);

Policy limited() {
    Policy policy = builtin_defaults();
    policy.limits.max_cpu = CpuPercent{80};
    return policy;
}

TEST(Tracks, ANewServerHasBeenActiveSinceNow) {
    const Tracks tracks = advance({}, snapshot().at(5s).with(server(100)).build(), limited());
    ASSERT_TRUE(tracks.contains(kServer));
    const Track& track = tracks.at(kServer);
    EXPECT_EQ(track.first_seen, kStart + 5s);
    EXPECT_EQ(track.last_seen, kStart + 5s);
    EXPECT_EQ(track.last_active, kStart + 5s);
    EXPECT_FALSE(track.unused_since);
    EXPECT_FALSE(track.holds_since[kOrphan]);
}

TEST(Tracks, AnEndedServerLeaves) {
    const Policy policy = limited();
    Tracks tracks = advance({}, snapshot().with(server(100)).with(server(200)).build(), policy);
    tracks = advance(tracks, snapshot().at(5s).with(server(200)).build(), policy);
    EXPECT_EQ(tracks.size(), 1U);
    EXPECT_FALSE(tracks.contains(kServer));
}

TEST(Tracks, APidUsedAgainIsAnotherServer) {
    const Policy policy = limited();
    Tracks tracks = advance({}, snapshot().with(server(100).orphaned()).build(), policy);
    tracks = advance(tracks, snapshot().at(60s).with(server(100).age(5s).orphaned()).build(), policy);
    ASSERT_EQ(tracks.size(), 1U);
    EXPECT_EQ(tracks.begin()->second.holds_since[kOrphan], kStart + 60s);
}

TEST(Tracks, ASpanBeginsWhenTheConditionDoes) {
    const Policy policy = limited();
    Tracks tracks = advance({}, snapshot().with(server(100)).build(), policy);
    tracks = advance(tracks, snapshot().at(5s).with(server(100).orphaned()).build(), policy);
    tracks = advance(tracks, snapshot().at(10s).with(server(100).orphaned()).build(), policy);
    EXPECT_EQ(tracks.at(kServer).holds_since[kOrphan], kStart + 5s);
    EXPECT_EQ(tracks.at(kServer).unused_since, kStart + 5s);
}

TEST(Tracks, OneSampleWithoutTheConditionBreaksTheSpan) {
    const Policy policy = limited();
    Tracks tracks = advance({}, snapshot().with(server(100).cpu(99)).build(), policy);
    EXPECT_EQ(tracks.at(kServer).holds_since[kOverCpu], kStart);
    tracks = advance(tracks, snapshot().at(5s).with(server(100).cpu(10)).build(), policy);
    EXPECT_FALSE(tracks.at(kServer).holds_since[kOverCpu]);
    tracks = advance(tracks, snapshot().at(10s).with(server(100).cpu(99)).build(), policy);
    EXPECT_EQ(tracks.at(kServer).holds_since[kOverCpu], kStart + 10s);
}

TEST(Tracks, ASampleWithoutACpuRateBreaksTheSpan) {
    const Policy policy = limited();
    Tracks tracks = advance({}, snapshot().with(server(100).cpu(99)).build(), policy);
    tracks = advance(tracks, snapshot().at(5s).with(server(100)).build(), policy);
    EXPECT_FALSE(tracks.at(kServer).holds_since[kOverCpu]);
}

TEST(Tracks, AClockThatWentBackBeginsEverySpanAnew) {
    const Policy policy = limited();
    Tracks tracks = advance({}, snapshot().at(60s).with(server(100).orphaned()).build(), policy);
    tracks = advance(tracks, snapshot().at(90s).with(server(100).orphaned()).build(), policy);
    tracks = advance(tracks, snapshot().at(80s).with(server(100).orphaned()).build(), policy);
    const Track& track = tracks.at(kServer);
    EXPECT_EQ(track.first_seen, kStart + 80s);
    EXPECT_EQ(track.last_active, kStart + 80s);
    EXPECT_EQ(track.holds_since[kOrphan], kStart + 80s);
    EXPECT_EQ(track.unused_since, kStart + 80s);
}

TEST(Tracks, TheSameSnapshotTwiceChangesNothing) {
    const Policy policy = limited();
    Tracks tracks = advance({}, snapshot().with(server(100).orphaned().cpu(99)).build(), policy);
    const scan::Snapshot again =
        snapshot().at(5s).with(server(100).orphaned().cpu(99).cpu_time(Ticks(900))).build();
    tracks = advance(tracks, again, policy);
    EXPECT_EQ(advance(tracks, again, policy), tracks);
}

TEST(Idle, ATickNowAndThenIsNoActivity) {
    const Policy policy = limited();
    Tracks tracks = advance({}, snapshot().with(server(100).cpu_time(Ticks(100))).build(), policy);
    tracks = advance(tracks, snapshot().at(5s).with(server(100).cpu_time(Ticks(101))).build(), policy);
    tracks = advance(tracks, snapshot().at(10s).with(server(100).cpu_time(Ticks(102))).build(), policy);
    EXPECT_EQ(idle_time(tracks, kServer, kStart + 10s), 10s);
}

TEST(Idle, WorkEndsIt) {
    const Policy policy = limited();
    Tracks tracks = advance({}, snapshot().with(server(100).cpu_time(Ticks(100))).build(), policy);
    tracks = advance(tracks, snapshot().at(5s).with(server(100).cpu_time(Ticks(102))).build(), policy);
    tracks = advance(tracks, snapshot().at(9s).with(server(100).cpu_time(Ticks(102))).build(), policy);
    EXPECT_EQ(idle_time(tracks, kServer, kStart + 9s), 4s);
}

TEST(Idle, AFallenSumIsActivity) {
    // A helper ended and took its share with it; what the others did in that time cannot be told.
    const Policy policy = limited();
    Tracks tracks = advance({}, snapshot().with(server(100).cpu_time(Ticks(500))).build(), policy);
    tracks = advance(tracks, snapshot().at(5s).with(server(100).cpu_time(Ticks(200))).build(), policy);
    EXPECT_EQ(idle_time(tracks, kServer, kStart + 5s), 0s);
}

TEST(Idle, NobodyHasBeenIdleWithoutBeingSeen) {
    EXPECT_EQ(idle_time({}, kServer, kStart), 0s);
    const Tracks tracks = advance({}, snapshot().at(60s).with(server(100)).build(), limited());
    EXPECT_EQ(idle_time(tracks, kServer, kStart), 0s);
}

}  // namespace
}  // namespace reaper::policy
