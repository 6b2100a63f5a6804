#include "guard/recovery.h"

#include <gtest/gtest.h>

namespace reaper::guard {
namespace {

using namespace std::chrono_literals;

MonotonicTime at(std::chrono::milliseconds time) {
    return MonotonicTime(1000s) + time;
}

TEST(Recovery, WaitsEverLongerUpToTheLongest) {
    Settings settings;
    settings.restarts = 10;
    settings.breaker_failures = 100;
    settings.max_backoff = 10s;
    Recovery recovery(settings);
    for (const auto wait : {1s, 2s, 4s, 8s, 10s, 10s}) {
        recovery.started(at(0s));
        const auto next = recovery.failed(at(1s));
        EXPECT_TRUE(next.restart);
        EXPECT_EQ(next.at, at(1s + wait));
    }
}

TEST(Recovery, RestsWhenItsRestartsAreUsedUp) {
    Recovery recovery{Settings{}};
    recovery.started(at(0s));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(recovery.failed(at(1s)).restart);
    const auto next = recovery.failed(at(1s));
    EXPECT_FALSE(next.restart);
    EXPECT_EQ(next.at, at(301s));
    EXPECT_EQ(recovery.breaker(), Breaker::open);
}

TEST(Recovery, ForgetsAfterAHealthyPeriod) {
    Recovery recovery{Settings{}};
    recovery.started(at(0s));
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(recovery.failed(at(1s)).restart);
    recovery.started(at(100s));
    const auto next = recovery.failed(at(130s));
    EXPECT_TRUE(next.restart);
    EXPECT_EQ(next.at, at(131s)) << "as the first time";
}

TEST(Recovery, OpensWhereTooMuchFailsInTooShortATime) {
    Settings settings;
    settings.healthy = 5s;
    Recovery recovery(settings);
    for (int i = 0; i < 4; ++i) {
        recovery.started(at(i * 10s));
        EXPECT_TRUE(recovery.failed(at(i * 10s + 6s)).restart) << i;
    }
    recovery.started(at(40s));
    EXPECT_FALSE(recovery.failed(at(46s)).restart);
    Recovery slower(settings);
    for (int i = 0; i < 20; ++i) {
        slower.started(at(i * 20s));
        EXPECT_TRUE(slower.failed(at(i * 20s + 6s)).restart) << i;
    }
}

TEST(Recovery, TriesOnceAndClosesWithASuccess) {
    Settings settings;
    settings.restarts = 0;
    Recovery recovery(settings);
    recovery.started(at(0s));
    EXPECT_FALSE(recovery.failed(at(1s)).restart);
    recovery.try_once();
    EXPECT_EQ(recovery.breaker(), Breaker::half_open);
    recovery.started(at(301s));
    EXPECT_EQ(recovery.failed(at(302s)).at, at(602s)) << "it stays open";
    recovery.try_once();
    recovery.answered();
    EXPECT_EQ(recovery.breaker(), Breaker::closed);
}

TEST(Recovery, TakesHarsherMeasuresAgainstAHang) {
    Recovery recovery{Settings{}};
    recovery.started(at(0s));
    EXPECT_EQ(recovery.hung(at(1s)), Recovery::Measure::restart_gently);
    EXPECT_TRUE(recovery.failed(at(1s)).restart);
    EXPECT_EQ(recovery.hung(at(2s)), Recovery::Measure::restart_hard);
    EXPECT_TRUE(recovery.failed(at(2s)).restart);
    EXPECT_EQ(recovery.hung(at(3s)), Recovery::Measure::give_up);
    EXPECT_FALSE(recovery.failed(at(3s)).restart);
    recovery.try_once();
    recovery.answered();
    recovery.started(at(300s));
    EXPECT_EQ(recovery.hung(at(400s)), Recovery::Measure::restart_gently) << "after a healthy period";
}

}  // namespace
}  // namespace reaper::guard
