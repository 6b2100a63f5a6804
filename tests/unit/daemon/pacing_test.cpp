#include "daemon/pacing.h"

#include <gtest/gtest.h>

namespace reaper::daemon {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

MonotonicTime at(milliseconds since_start) {
    return MonotonicTime(1h + since_start);
}

TEST(Pacing, TicksAreAnIntervalApartWhateverTheyTake) {
    Pacing pacing(1s);
    EXPECT_EQ(pacing.next(at(0ms), at(3ms), 20ms), at(1s));
    EXPECT_FALSE(pacing.stretched());
}

TEST(Pacing, ATickThatCostsTooMuchStretchesTheInterval) {
    Pacing pacing(1s);
    EXPECT_EQ(pacing.next(at(0ms), at(0ms), 500ms), at(5s));
    EXPECT_TRUE(pacing.stretched());
    EXPECT_EQ(pacing.interval(), 5s);
}

TEST(Pacing, EasesWhenTicksAreQuickAgain) {
    Pacing pacing(1s);
    (void)pacing.next(at(0ms), at(0ms), 500ms);
    for (int i = 0; i < 20; ++i) (void)pacing.next(at(0ms), at(0ms), 1ms);
    EXPECT_EQ(pacing.interval(), 1s);
    EXPECT_FALSE(pacing.stretched());
}

TEST(Pacing, WhatWasMissedIsNotMadeUpFor) {
    Pacing pacing(1s);
    EXPECT_EQ(pacing.next(at(0ms), at(10s), 5ms), at(10s + 5ms));
    EXPECT_EQ(pacing.late(), 1U);
    EXPECT_EQ(pacing.next(at(10s + 5ms), at(10s + 6ms), 5ms), at(11s + 5ms));
    EXPECT_EQ(pacing.late(), 1U);
}

TEST(Pacing, ATickThatStoodStillPutsTheNextOneOffForALittleOnly) {
    Pacing pacing(5s);
    (void)pacing.next(at(0ms), at(0ms), 60s);
    EXPECT_EQ(pacing.interval(), 120s);
}

TEST(Pacing, AnotherIntervalOfThePolicyIsInForceAtOnce) {
    Pacing pacing(60s);
    pacing.want(1s);
    EXPECT_LE(pacing.interval(), 10s);
    (void)pacing.next(at(0ms), at(0ms), 1ms);
    pacing.want(5s);
    EXPECT_GE(pacing.interval(), 5s);
}

}  // namespace
}  // namespace reaper::daemon
