#include "enforce/budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "enforce/budget_file.h"
#include "support/child.h"
#include "support/snapshot_builder.h"

namespace reaper::enforce {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr BootTime kNow = 1h;

scan::Server started(BootTime when, std::string type = "filesystem") {
    scan::Server server = support::server(100).type(std::move(type)).build();
    server.id.start = std::chrono::duration_cast<Ticks>(when);
    return server;
}

/// Ends one that has come back at once, so many times, a second apart. When it is through.
BootTime respawn(Budget& budget, unsigned times, BootTime now) {
    for (unsigned i = 0; i < times; ++i) {
        EXPECT_FALSE(budget.objection(started(now - 500ms), now)) << i;
        budget.note(started(now - 500ms), now);
        now += 1s;
    }
    return now;
}

TEST(Budget, TwentyAMinuteThenWhenTheFirstIsAMinuteAgo) {
    Budget budget({});
    for (int i = 0; i < 20; ++i) {
        const auto server = started(1min, "t" + std::to_string(i));
        EXPECT_FALSE(budget.objection(server, kNow + i * 1s));
        budget.note(server, kNow + i * 1s);
    }
    const auto objection = budget.objection(started(1min), kNow + 20s);
    ASSERT_TRUE(objection);
    EXPECT_THAT(objection->why, HasSubstr("20 servers"));
    EXPECT_THAT(objection->remedy, HasSubstr("40 s"));
    EXPECT_TRUE(budget.objection(started(1min), kNow + 60s - 1ms));
    EXPECT_FALSE(budget.objection(started(1min), kNow + 60s));
}

TEST(Budget, OfNoneAllowsNone) {
    EXPECT_TRUE(Budget({.kills_per_minute = 0}).objection(started(1min), kNow));
}

TEST(Breaker, OpensAfterFiveThatCameBackAtOnce) {
    Budget budget({});
    budget.note(started(1min), kNow - 1s);
    const BootTime now = respawn(budget, 5, kNow);
    const auto objection = budget.objection(started(now - 500ms), now);
    ASSERT_TRUE(objection);
    EXPECT_THAT(objection->why, HasSubstr("come back"));
    EXPECT_THAT(objection->remedy, HasSubstr("5 min"));
    EXPECT_FALSE(budget.objection(started(1min, "git"), now)) << "other types go on";
}

TEST(Breaker, ManyThatHadBeenThereBeforeAreNoRespawns) {
    Budget budget({});
    for (int i = 0; i < 12; ++i) {
        EXPECT_FALSE(budget.objection(started(1min), kNow + i * 1s));
        budget.note(started(1min), kNow + i * 1s);
    }
}

class OpenBreaker : public ::testing::Test {
  protected:
    OpenBreaker() {
        budget_.note(started(1min), kNow - 1s);
        now_ = respawn(budget_, 5, kNow);
        EXPECT_TRUE(budget_.objection(started(now_ - 500ms), now_));
    }
    Budget budget_{policy::BudgetSettings{}};
    BootTime now_{};
};

TEST_F(OpenBreaker, TriesOneAfterThePauseAndNoSecond) {
    EXPECT_TRUE(budget_.objection(started(1min), now_ + 299s));
    EXPECT_FALSE(budget_.objection(started(1min), now_ + 301s));
    budget_.note(started(1min), now_ + 301s);
    const auto objection = budget_.objection(started(1min), now_ + 302s);
    ASSERT_TRUE(objection);
    EXPECT_THAT(objection->why, HasSubstr("to see whether"));
}

TEST_F(OpenBreaker, ClosesWhenTheTrialDidNotComeBack) {
    budget_.note(started(1min), now_ + 301s);
    EXPECT_FALSE(budget_.objection(started(1min), now_ + 362s));
    EXPECT_TRUE(budget_.state().breakers.empty());
}

TEST_F(OpenBreaker, OpensAgainWhenTheTrialCameBack) {
    budget_.note(started(1min), now_ + 301s);
    EXPECT_TRUE(budget_.objection(started(now_ + 302s), now_ + 303s));
    EXPECT_TRUE(budget_.objection(started(1min), now_ + 600s));
    EXPECT_FALSE(budget_.objection(started(1min), now_ + 604s));
}

TEST_F(OpenBreaker, SurvivesARestart) {
    const test::TemporaryDirectory directory;
    ASSERT_TRUE(store_budget(directory.path("budget.json"), budget_.state()));
    const auto loaded = load_budget(directory.path("budget.json"));
    ASSERT_TRUE(loaded) << loaded.error().message();
    EXPECT_EQ(*loaded, budget_.state());
    EXPECT_TRUE(Budget({}, *loaded).objection(started(1min), now_ + 10s));
}

TEST_F(OpenBreaker, OfAnotherBootIsForgotten) {
    Budget later({}, budget_.state());
    EXPECT_FALSE(later.objection(started(1s), 10s));
    EXPECT_EQ(later.state(), BudgetState{});
}

TEST(BudgetFile, NoneIsAnEmptyStateAndAnotherIsAnError) {
    const test::TemporaryDirectory directory;
    EXPECT_EQ(load_budget(directory.path("none")).value(), BudgetState{});
    for (const char* text : {"", "{}", "[1]", "{\"version\":2,\"kills\":[],\"breakers\":{}}",
                             "{\"version\":1,\"kills\":[{\"at_ms\":\"x\"}],\"breakers\":{}}"}) {
        std::ofstream(directory.path("bad")) << text;
        EXPECT_FALSE(load_budget(directory.path("bad"))) << text;
    }
}

}  // namespace
}  // namespace reaper::enforce
