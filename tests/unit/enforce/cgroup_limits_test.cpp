#include "enforce/cgroup_limits.h"

#include <gtest/gtest.h>

namespace reaper::enforce {
namespace {

std::string told(const CageLimits& limits, std::string_view controller, bool unified) {
    const auto values = limit_values(limits, controller, unified);
    if (!values) return values.error().reason;
    std::string text;
    for (const CgroupValue& value : *values) text += value.file + '=' + value.value + ' ';
    return text;
}

const CageLimits kAll{
    .cpu = CpuPercent{20}, .cpu_weight = 10, .memory_max = Bytes::from_mib(100), .pids_max = 50};

TEST(CgroupLimits, AreWrittenAsTheKernelWantsThem) {
    EXPECT_EQ(told(kAll, "cpu", true), "cpu.max=20000 100000 cpu.weight=10 ");
    EXPECT_EQ(told(kAll, "cpu", false),
              "cpu.cfs_period_us=100000 cpu.cfs_quota_us=20000 cpu.shares=102 ");
    EXPECT_EQ(told(kAll, "memory", true), "memory.max=104857600 ");
    EXPECT_EQ(told(kAll, "memory", false), "memory.limit_in_bytes=104857600 ");
    EXPECT_EQ(told(kAll, "pids", true), "pids.max=50 ");
    EXPECT_EQ(told(kAll, "pids", false), "pids.max=50 ");
}

TEST(CgroupLimits, WhatIsNotLimitedIsLifted) {
    EXPECT_EQ(told({}, "cpu", true), "cpu.max=max 100000 cpu.weight=100 ");
    EXPECT_EQ(told({}, "cpu", false), "cpu.cfs_period_us=100000 cpu.cfs_quota_us=-1 cpu.shares=1024 ");
    EXPECT_EQ(told({}, "memory", true), "memory.max=max ");
    EXPECT_EQ(told({}, "memory", false), "memory.limit_in_bytes=-1 ");
    EXPECT_EQ(told({}, "pids", false), "pids.max=max ");
}

TEST(CgroupLimits, WhatTheKernelDoesNotTakeIsRefused) {
    for (const double percent : {0.0, 0.9, -5.0, 1e300}) {
        CageLimits limits;
        limits.cpu = CpuPercent{percent};
        EXPECT_FALSE(limit_values(limits, "cpu", true)) << percent;
    }
    for (const unsigned weight : {0U, 10'001U}) {
        CageLimits limits;
        limits.cpu_weight = weight;
        EXPECT_FALSE(limit_values(limits, "cpu", false)) << weight;
    }
}

TEST(CgroupLimits, OnlyTheControllersThatLimitAreUsed) {
    CageLimits limits;
    limits.cpu_weight = 10;
    EXPECT_TRUE(limits_use(limits, "cpu"));
    EXPECT_FALSE(limits_use(limits, "memory"));
    EXPECT_FALSE(limits_use(limits, "pids"));
    EXPECT_TRUE(limits_use(kAll, "memory"));
    EXPECT_TRUE(limits_use(kAll, "pids"));
}

TEST(CgroupLimits, MemoryReadsBackInWholePages) {
    EXPECT_TRUE(reads_back({"memory.max", "104857600"}, "104857600"));
    EXPECT_TRUE(reads_back({"memory.max", "104857700"}, "104857600"));
    EXPECT_FALSE(reads_back({"memory.max", "104857600"}, "104853504"));
    EXPECT_FALSE(reads_back({"memory.max", "104857600"}, "max"));
    EXPECT_TRUE(reads_back({"memory.limit_in_bytes", "-1"}, "9223372036854771712"));
    EXPECT_FALSE(reads_back({"memory.limit_in_bytes", "-1"}, "104857600"));
    EXPECT_FALSE(reads_back({"cpu.max", "20000 100000"}, "max 100000"));
}

TEST(CgroupLimits, AWeightComesBackFromItsShares) {
    for (const unsigned weight : {1U, 10U, 99U, 100U, 5000U, 10'000U}) {
        for (const bool unified : {true, false}) {
            EXPECT_EQ(weight_from(weight_value(weight, unified).value, unified), weight);
        }
    }
    EXPECT_FALSE(weight_from("", false));
    EXPECT_FALSE(weight_from("idle", true));
}

}  // namespace
}  // namespace reaper::enforce
