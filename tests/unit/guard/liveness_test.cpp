#include "guard/liveness.h"

#include <gtest/gtest.h>

namespace reaper::guard {
namespace {

using namespace std::chrono_literals;

constexpr std::nullopt_t kNobodyWaits = std::nullopt;

MonotonicTime at(std::chrono::milliseconds time) {
    return MonotonicTime(1000s) + time;
}

TEST(Liveness, PingsWhoIsSilentAndCountsWhatIsMissed) {
    Liveness liveness{Settings{}};
    liveness.begin(at(0s), true);
    EXPECT_FALSE(liveness.check(at(59s), kNobodyWaits).ping);
    EXPECT_TRUE(liveness.check(at(60s), kNobodyWaits).ping);
    EXPECT_EQ(liveness.check(at(61s), kNobodyWaits).next, at(65s));
    EXPECT_TRUE(liveness.check(at(65s), kNobodyWaits).ping) << "it waits: once more";
    EXPECT_TRUE(liveness.check(at(70s), kNobodyWaits).ping);
    EXPECT_TRUE(liveness.check(at(75s), kNobodyWaits).hung);
}

TEST(Liveness, TakesWhateverIsSaidForASignOfLife) {
    Liveness liveness{Settings{}};
    liveness.begin(at(0s), true);
    EXPECT_TRUE(liveness.check(at(60s), kNobodyWaits).ping);
    EXPECT_TRUE(liveness.check(at(65s), kNobodyWaits).ping);
    liveness.heard(at(66s));
    EXPECT_EQ(liveness.check(at(67s), kNobodyWaits).next, at(126s));
    EXPECT_EQ(liveness.misses(), 0U);
}

TEST(Liveness, LeavesAServerAtWorkAlone) {
    Liveness liveness{Settings{}};
    liveness.begin(at(0s), true);
    MonotonicTime now = at(60s);
    for (; now < at(350s); now += 5s)
        EXPECT_FALSE(liveness.check(now, at(50s)).hung) << (now - at(0s)).count();
    EXPECT_TRUE(liveness.check(now, at(50s)).hung) << "a request that is unanswered for five minutes";
}

TEST(Liveness, NeverPingsARevisionWithoutPings) {
    Liveness liveness{Settings{}};
    liveness.begin(at(0s), false);
    for (int i = 0; i < 100; ++i) {
        const auto due = liveness.check(at(i * 60s), kNobodyWaits);
        EXPECT_FALSE(due.ping || due.hung);
    }
    liveness.begin(at(0s), false);
    EXPECT_EQ(liveness.check(at(10s), at(0s)).next, at(300s));
    EXPECT_FALSE(liveness.check(at(299s), at(0s)).hung);
    EXPECT_TRUE(liveness.check(at(300s), at(0s)).hung);
    EXPECT_TRUE(has_ping("2025-11-25"));
    EXPECT_FALSE(has_ping("2026-07-28"));
    EXPECT_FALSE(has_ping(""));
}

TEST(Liveness, ForgivesTheTimeInWhichWeWereStoppedOurselves) {
    Liveness liveness{Settings{}};
    liveness.begin(at(0s), true);
    EXPECT_TRUE(liveness.check(at(60s), kNobodyWaits).ping);
    const auto due = liveness.check(at(3600s), kNobodyWaits);
    EXPECT_FALSE(due.ping || due.hung) << "it has had no time to answer";
    EXPECT_EQ(liveness.misses(), 0U);
}

TEST(Liveness, CanBeSwitchedOff) {
    Settings settings;
    settings.ping_interval.reset();
    settings.request_timeout.reset();
    Liveness liveness(settings);
    for (const bool pings : {true, false}) {
        liveness.begin(at(0s), pings);
        const auto due = liveness.check(at(100'000s), at(0s));
        EXPECT_FALSE(due.ping || due.hung || due.next);
    }
}

}  // namespace
}  // namespace reaper::guard
