#include "policy/suggestion.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

using reaper::policy::edit_distance;
using reaper::policy::nearest;

TEST(EditDistance, CountsInsertionsDeletionsChangesAndSwaps) {
    EXPECT_EQ(edit_distance("action", "action"), 0U);
    EXPECT_EQ(edit_distance("acton", "action"), 1U);
    EXPECT_EQ(edit_distance("actiion", "action"), 1U);
    EXPECT_EQ(edit_distance("axtion", "action"), 1U);
    EXPECT_EQ(edit_distance("aciton", "action"), 1U);
    EXPECT_EQ(edit_distance("", "abc"), 3U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(EditDistance, LeavesOutCaseAndTheWaysToJoinWords) {
    EXPECT_EQ(edit_distance("maxCpuPercent", "max_cpu_percent"), 0U);
    EXPECT_EQ(edit_distance("MAX-CPU-PERCENT", "max_cpu_percent"), 0U);
}

TEST(Nearest, IsTheClosestOrNothing) {
    constexpr std::array<std::string_view, 4> kWords = {"match", "match_line", "limits", "type"};
    EXPECT_EQ(nearest("mathc", kWords), "match");
    EXPECT_EQ(nearest("limit", kWords), "limits");
    EXPECT_EQ(nearest("matchline", kWords), "match_line");
    EXPECT_EQ(nearest("limi", kWords), "limits");
    EXPECT_EQ(nearest("zzz", kWords), std::nullopt);
    EXPECT_EQ(nearest("", kWords), std::nullopt);
    EXPECT_EQ(nearest(std::string(1'000'000, 'm'), kWords), std::nullopt);
}
