#include "policy/safety.h"

#include <gtest/gtest.h>

#include <ostream>

#include "support/policies.h"
#include "support/snapshot_builder.h"

namespace reaper::policy {
namespace {

using support::server;
using support::ServerBuilder;

constexpr pid_t kPid = 100;
constexpr scan::Viewer kRoot{0, true};
constexpr scan::Viewer kAlice{support::kUser, false};

struct SafetyCase {
    const char* name;
    ServerBuilder server;
    Refusal refusal;
    scan::Viewer viewer = kRoot;
};

void PrintTo(const SafetyCase& one, std::ostream* out) {
    *out << one.name;
}

// ---- What may never be touched. ---------------------------------------------------------------------

class Forbidden : public testing::TestWithParam<SafetyCase> {};

TEST_P(Forbidden, WhateverIsAskedFor) {
    const scan::Server server = GetParam().server.build();
    for (const Action action : {Action::throttle, Action::freeze, Action::terminate}) {
        const auto refusal = forbidden(server, action, GetParam().viewer);
        ASSERT_TRUE(refusal) << to_string(action);
        EXPECT_EQ(refusal->rule, GetParam().refusal.rule);
        EXPECT_EQ(refusal->why, GetParam().refusal.why);
        EXPECT_EQ(refusal->remedy, GetParam().refusal.remedy);
    }
}

TEST_P(Forbidden, ButMayBeReported) {
    EXPECT_FALSE(forbidden(GetParam().server.build(), Action::report, GetParam().viewer));
}

INSTANTIATE_TEST_SUITE_P(
    Table, Forbidden,
    testing::Values(
        SafetyCase{"ASuspectedServer",
                   server(kPid).orphaned().suspected(),
                   {"suspected", "only suspected to be an MCP server",
                    "name it in the policy's servers: so that its type is known"}},
        SafetyCase{"OnlyZombies",
                   server(kPid).orphaned().npx().all_zombies(),
                   {"zombies only", "only zombies are left of it: their parent must reap them",
                    "end their parent (pid 11)"}},
        SafetyCase{"AProtectedProcessInside",
                   server(kPid).orphaned().contains("claude (pid 4711)"),
                   {"protected", "a process that is never ended is part of it: claude (pid 4711)",
                    "end or move claude (pid 4711) first"}},
        SafetyCase{"AUnitsMainProcess",
                   server(kPid).unit_main("mcp.service"),
                   {"unit", "systemd looks after it: main process of mcp.service",
                    "systemctl stop mcp.service"}},
        SafetyCase{"AContainer",
                   server(kPid).orphaned().in_container(),
                   {"container", "it runs in a container, which outlives what is seen of it here",
                    "stop the container (docker stop)"}},
        SafetyCase{"AnotherUsersServer",
                   server(kPid).orphaned().user(1001),
                   {"other user", "it belongs to another user (uid 1001)", "run as root"},
                   kAlice}),
    support::name_of_case);

TEST(Forbidden, AUnitWhoseNameIsNotKnownAndAnotherUsersSingleProcess) {
    scan::Server unit = server(kPid).unit_main().build();
    unit.standalone_why.clear();
    auto refusal = forbidden(unit, Action::terminate, kRoot);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->why, "systemd looks after it: main process of a unit");
    EXPECT_EQ(refusal->remedy, "stop its unit with systemctl");

    scan::Server mixed = server(kPid).orphaned().helper(105).build();
    mixed.members.back().uid = 33;
    refusal = forbidden(mixed, Action::throttle, kAlice);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->why, "it belongs to another user (uid 33)");
    EXPECT_FALSE(forbidden(mixed, Action::terminate, kRoot)) << "root may";
}

TEST(Forbidden, ZombiesOfInitHaveNoParentThatCouldBeEnded) {
    scan::Server left = server(kPid).all_zombies().build();
    left.members.front().parent = 1;
    const auto refusal = forbidden(left, Action::terminate, kRoot);
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->remedy, "");
}

// ---- What may not be ended because too little is known. ---------------------------------------------

class UnknownIsKept : public testing::TestWithParam<SafetyCase> {};

TEST_P(UnknownIsKept, AndAtMostThrottled) {
    const scan::Server server = GetParam().server.build();
    for (const Action action : {Action::freeze, Action::terminate}) {
        const auto refusal = forbidden(server, action, GetParam().viewer);
        ASSERT_TRUE(refusal) << to_string(action);
        EXPECT_EQ(*refusal, GetParam().refusal);
    }
    EXPECT_FALSE(forbidden(server, Action::throttle, GetParam().viewer));
}

INSTANTIATE_TEST_SUITE_P(
    Table, UnknownIsKept,
    testing::Values(SafetyCase{"TheChannel",
                               server(kPid).no_client().channel_unknown(),
                               {"unknown evidence", "whether its channel is open cannot be told",
                                "run as root"},
                               kAlice},
                    SafetyCase{"TheChannelAsRoot",
                               server(kPid).no_client().channel_unknown(),
                               {"unknown evidence", "whether its channel is open cannot be told", ""}},
                    SafetyCase{"WhetherItListens",
                               server(kPid).orphaned().standalone_unknown(),
                               {"unknown evidence", "whether it listens cannot be told", ""}}),
    support::name_of_case);

TEST(Allowed, IsAllElse) {
    for (const Action action : kActions) {
        EXPECT_FALSE(forbidden(server(kPid).orphaned().build(), action, kRoot));
        EXPECT_FALSE(forbidden(server(kPid).orphaned().build(), action, kAlice));
        EXPECT_FALSE(forbidden(server(kPid).build(), action, kAlice)) << "use is sparing's affair";
        EXPECT_FALSE(forbidden(server(kPid).npx().zombie(kPid).build(), action, kRoot));
    }
}

}  // namespace
}  // namespace reaper::policy
