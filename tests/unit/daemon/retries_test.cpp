#include "daemon/retries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reaper::daemon {
namespace {

using namespace std::chrono_literals;
using enforce::Effect;
using testing::IsEmpty;
using testing::SizeIs;

const ProcessId kServer{4711, Ticks(10)};
constexpr MonotonicTime kStart{1h};

report::Done came_to(Effect effect) {
    report::Done done;
    done.order.server.id = kServer;
    done.outcome.effect = effect;
    return done;
}

std::size_t let_through(const Retries& retries, MonotonicTime now) {
    std::vector<enforce::Order> orders(1);
    orders.front().server.id = kServer;
    retries.hold_back(orders, now);
    return orders.size();
}

TEST(Retries, WhatFailedWaitsEverLonger) {
    Retries retries;
    auto now = kStart;
    auto pause = std::chrono::milliseconds(kFirstRetry);
    for (int i = 0; i < 4; ++i, pause *= 2) {
        retries.note(came_to(Effect::unkillable), now);
        EXPECT_EQ(let_through(retries, now + pause - 1ms), 0U) << i;
        EXPECT_EQ(let_through(retries, now + pause), 1U) << i;
        now += pause;
    }
    for (int i = 0; i < 100; ++i) retries.note(came_to(Effect::unkillable), now);
    EXPECT_EQ(let_through(retries, now + kLongestRetry), 1U);
}

TEST(Retries, OverBudgetIsTriedAtTheNextPass) {
    Retries retries;
    retries.note(came_to(Effect::deferred), kStart);
    EXPECT_EQ(let_through(retries, kStart), 1U);
}

TEST(Retries, ADeedThatIsRefusedHoldsBackNoOther) {
    Retries retries;
    report::Done throttle = came_to(Effect::refused);
    throttle.order.deed = enforce::Deed::throttle;
    retries.note(throttle, kStart);
    EXPECT_EQ(let_through(retries, kStart), 1U) << "an ending";
}

TEST(Retries, TheSameOutcomeIsNewsOnce) {
    Retries retries;
    EXPECT_TRUE(retries.note(came_to(Effect::refused), kStart));
    EXPECT_FALSE(retries.note(came_to(Effect::refused), kStart));
    EXPECT_TRUE(retries.note(came_to(Effect::failed), kStart));
    EXPECT_TRUE(retries.note(came_to(Effect::ended), kStart));
    EXPECT_TRUE(retries.note(came_to(Effect::refused), kStart));
}

TEST(Retries, WhatHasEndedIsForgotten) {
    Retries retries;
    retries.note(came_to(Effect::failed), kStart);
    retries.keep_only({kServer});
    EXPECT_EQ(retries.size(), 1U);
    retries.keep_only({});
    EXPECT_EQ(retries.size(), 0U);
    EXPECT_EQ(let_through(retries, kStart), 1U);
}

}  // namespace
}  // namespace reaper::daemon
