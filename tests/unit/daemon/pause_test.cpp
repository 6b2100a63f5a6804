#include "daemon/pause.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/child.h"

namespace reaper::daemon {
namespace {

using namespace std::chrono_literals;
using test::TemporaryDirectory;

struct PauseFile : ::testing::Test {
    TemporaryDirectory temporary;
    std::string file = temporary.path("paused");
    static constexpr BootTime kNow = 1h;
};

TEST_F(PauseFile, NoFileIsNoPause) {
    const auto pause = Pause::load(file);
    ASSERT_TRUE(pause);
    EXPECT_FALSE(pause->in_force(kNow));
}

TEST_F(PauseFile, OutlivesTheDaemonUntilItRunsOut) {
    ASSERT_TRUE(Pause::load(file)->begin(60s, kNow));
    auto next = Pause::load(file);
    ASSERT_TRUE(next);
    EXPECT_TRUE(next->in_force(kNow + 59s));
    EXPECT_FALSE(next->has_run_out(kNow + 59s));
    EXPECT_FALSE(next->in_force(kNow + 60s));
    EXPECT_TRUE(next->has_run_out(kNow + 60s));
    EXPECT_FALSE(next->has_run_out(kNow + 60s)) << "told once";
    EXPECT_FALSE(Pause::load(file)->in_force(kNow));
}

TEST_F(PauseFile, WithoutASpanLastsUntilResumed) {
    ASSERT_TRUE(Pause::load(file)->begin(std::nullopt, kNow));
    auto next = Pause::load(file);
    ASSERT_TRUE(next);
    EXPECT_TRUE(next->in_force(kNow + 10000h));
    EXPECT_EQ(next->until(), std::nullopt);
    ASSERT_TRUE(next->resume());
    EXPECT_FALSE(next->in_force(kNow));
    EXPECT_FALSE(Pause::load(file)->in_force(kNow));
}

TEST_F(PauseFile, ADamagedFileIsAnError) {
    for (const char* text : {"", "soon\n", "12", "12 \n", "99999999999999999999999\n"}) {
        std::ofstream(file) << text;
        EXPECT_FALSE(Pause::load(file)) << text;
    }
}

TEST_F(PauseFile, WhatCannotBeToldIsAPauseUntilItIsResumed) {
    std::ofstream(file) << "soon\n";
    Pause pause = Pause::unknown(file);
    EXPECT_TRUE(pause.in_force(kNow + 10000h));
    ASSERT_TRUE(pause.resume());
    EXPECT_FALSE(Pause::load(file)->in_force(kNow));
}

TEST(Pause, IsKeptNowhereWhereThereIsNoPlace) {
    Pause pause;
    EXPECT_TRUE(pause.begin(1s, BootTime(1h)));
    EXPECT_TRUE(pause.in_force(BootTime(1h)));
    EXPECT_TRUE(pause.resume());
}

}  // namespace
}  // namespace reaper::daemon
