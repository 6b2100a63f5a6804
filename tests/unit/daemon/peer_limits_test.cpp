#include "daemon/peer_limits.h"

#include <gtest/gtest.h>

namespace reaper::daemon {
namespace {

using std::chrono::seconds;
constexpr uid_t kAda = 1000;
constexpr uid_t kBob = 1001;
constexpr PeerLimits::Moment kStart{};

TEST(PeerLimits, TenConnectionsOfAUser) {
    PeerLimits limits({});
    for (int i = 0; i < 10; ++i) EXPECT_EQ(limits.connect(kAda, kStart), std::nullopt);
    const auto refusal = limits.connect(kAda, kStart);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->status, 429U);
    EXPECT_TRUE(refusal->retry_after);
    EXPECT_EQ(limits.connect(kBob, kStart), std::nullopt);
    limits.disconnect(kAda);
    EXPECT_EQ(limits.connect(kAda, kStart), std::nullopt);
    EXPECT_EQ(limits.connections(), 11U);
}

TEST(PeerLimits, RootHasAsManyAsThereAre) {
    PeerLimits limits({});
    for (int i = 0; i < 100; ++i) EXPECT_EQ(limits.connect(0, kStart), std::nullopt);
    EXPECT_TRUE(limits.connect(0, kStart));
    EXPECT_TRUE(limits.connect(kAda, kStart));
    EXPECT_EQ(limits.connections(), 100U);
}

TEST(PeerLimits, AHundredRequestsAMinuteForEverybody) {
    PeerLimits limits({});
    for (const uid_t uid : {uid_t{0}, kAda}) {
        for (int i = 0; i < 100; ++i) EXPECT_EQ(limits.request(uid, kStart), std::nullopt);
        const auto refusal = limits.request(uid, kStart);
        ASSERT_TRUE(refusal);
        EXPECT_EQ(refusal->status, 429U);
        EXPECT_EQ(refusal->retry_after, seconds(1));
    }
    EXPECT_EQ(limits.request(kBob, kStart), std::nullopt);
}

TEST(PeerLimits, RequestsComeBackWithTime) {
    PeerLimits limits({});
    for (int i = 0; i < 100; ++i) static_cast<void>(limits.request(kAda, kStart));
    EXPECT_EQ(limits.request(kAda, kStart + seconds(1)), std::nullopt);
    EXPECT_TRUE(limits.request(kAda, kStart + seconds(1)));
    for (int i = 0; i < 50; ++i)
        EXPECT_EQ(limits.request(kAda, kStart + seconds(31)), std::nullopt) << i;
    EXPECT_TRUE(limits.request(kAda, kStart + seconds(31)));
}

TEST(PeerLimits, WhoHasAskedTooMuchIsNotEvenLetIn) {
    PeerLimits limits({});
    for (int i = 0; i < 100; ++i) static_cast<void>(limits.request(kAda, kStart));
    EXPECT_TRUE(limits.connect(kAda, kStart));
    EXPECT_EQ(limits.connections(), 0U);
}

TEST(PeerLimits, ManyUsersAreForgottenAgain) {
    PeerLimits limits({});
    for (int i = 0; i < 10; ++i) EXPECT_EQ(limits.connect(kAda, kStart), std::nullopt);
    for (uid_t uid = 2000; uid < 12'000; ++uid) {
        static_cast<void>(limits.request(uid, kStart + std::chrono::minutes(uid)));
    }
    // Who is connected is not forgotten with them.
    EXPECT_TRUE(limits.connect(kAda, kStart + std::chrono::minutes(20'000)));
    EXPECT_EQ(limits.connections(), 10U);
}

}  // namespace
}  // namespace reaper::daemon
