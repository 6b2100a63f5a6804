#include "daemon/control_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reaper::daemon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Peer kRoot = peer_of(0, 1, 0);
const Peer kAda = peer_of(1000, 1, 0);

unsigned refused(const tl::expected<Call, Refusal>& call) {
    return call ? 0 : call.error().status;
}

TEST(Routes, EveryPathIsFoundByItsMethod) {
    for (const char* const path : {"/health/live", "/health/ready", "/health", "/metrics", "/status",
                                   "/servers", "/plan", "/history", "/events"}) {
        EXPECT_TRUE(route("GET", path, kRoot)) << path;
        EXPECT_TRUE(route("HEAD", path, kRoot)) << path;
        const auto wrong = route("POST", path, kRoot);
        ASSERT_EQ(refused(wrong), 405U) << path;
        EXPECT_EQ(wrong.error().allow, "GET, HEAD");
    }
    for (const char* const path : {"/actions", "/reload", "/pause", "/resume"}) {
        EXPECT_TRUE(route("POST", path, kRoot)) << path;
        const auto wrong = route("GET", path, kRoot);
        ASSERT_EQ(refused(wrong), 405U) << path;
        EXPECT_EQ(wrong.error().allow, "POST");
    }
}

TEST(Routes, WhatThereIsNotIsNotFound) {
    for (const char* const path : {"", "/", "status", "/status/", "//status", "/Status", "/..", "*",
                                   "http://x/status", "/status%00", "\xff"}) {
        EXPECT_EQ(refused(route("GET", path, kRoot)), 404U) << path;
    }
}

TEST(Routes, OtherUsersDoNotGovern) {
    for (const char* const path : {"/reload", "/pause", "/resume"})
        EXPECT_EQ(refused(route("POST", path, kAda)), 403U) << path;
    EXPECT_EQ(refused(route("GET", "/metrics", kAda)), 403U);
    EXPECT_TRUE(route("GET", "/status", kAda));
    EXPECT_TRUE(route("POST", "/actions", kAda));
    EXPECT_TRUE(route("POST", "/reload", peer_of(1000, 1, 1000)));  // Their own daemon.
}

TEST(Routes, QueriesAreDecodedAndKnown) {
    const auto call = route("GET", "/events?follow=1&after=a%2Db+c", kAda);
    ASSERT_TRUE(call);
    const auto query = events_query(*call);
    ASSERT_TRUE(query);
    EXPECT_TRUE(query->follow);
    EXPECT_EQ(query->after, "a-b c");
    for (const char* const bad :
         {"/events?folow=1", "/status?x", "/events?after=%2", "/events?after=%zz", "/history?=1"}) {
        EXPECT_EQ(refused(route("GET", bad, kAda)), 400U) << bad;
    }
    EXPECT_FALSE(events_query(*route("GET", "/events?follow=yes", kAda)));
    EXPECT_FALSE(events_query(*route("GET", "/events?after=" + std::string(300, 'x'), kAda)));
}

TEST(Routes, HistoryQueries) {
    const WallTime now{std::chrono::hours(1000)};
    const auto query = history_query(
        *route("GET", "/history?since=3600&type=git&type=fetch&server=4711&limit=5", kAda), now);
    ASSERT_TRUE(query);
    EXPECT_EQ(query->since, now - std::chrono::hours(1));
    EXPECT_THAT(query->types, ElementsAre("git", "fetch"));
    EXPECT_EQ(query->server, 4711);
    EXPECT_EQ(query->limit, 5U);
    EXPECT_EQ(history_query(*route("GET", "/history", kAda), now)->limit, 100U);
    for (const char* const bad : {"since=-1", "since=x", "server=0", "limit=0", "limit=10001",
                                  "limit=1x", "since=99999999999999999999"}) {
        const auto call = route("GET", std::string("/history?") + bad, kAda);
        ASSERT_TRUE(call) << bad;
        const auto wrong = history_query(*call, now);
        ASSERT_FALSE(wrong) << bad;
        EXPECT_THAT(wrong.error().error, HasSubstr("is no whole number")) << bad;
    }
}

}  // namespace
}  // namespace reaper::daemon
