// Quantities as people read them.
#include "policy/wording.h"

#include <gtest/gtest.h>

namespace reaper::policy {
namespace {

using namespace std::chrono_literals;

TEST(Wording, RoundsUpSoThatWhatIsOverALimitNeverReadsAsEqual) {
    EXPECT_EQ(in_words(CpuPercent{80.0}), "80 % CPU");
    EXPECT_EQ(in_words(CpuPercent{80.01}), "80.1 % CPU");
    EXPECT_EQ(in_words(Bytes{100 * 1024 * 1024 + 1}), "101 MiB");
}

TEST(Wording, OfNothingIsNothing) {
    EXPECT_EQ(in_words(CpuPercent{0.0}), "0 % CPU");
    EXPECT_EQ(in_words(Bytes{0}), "0 MiB");
    EXPECT_EQ(in_words(0s), "0 s");
}

TEST(Wording, NamesTheTwoLargestUnitsOfATime) {
    EXPECT_EQ(in_words(90s), "1 min 30 s");
    EXPECT_EQ(in_words(std::chrono::seconds(2 * 86'400 + 3'600 + 5)), "2 d 1 h");
}

}  // namespace
}  // namespace reaper::policy
