#include "daemon/named_orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/policies.h"
#include "support/snapshot_builder.h"

namespace reaper::daemon {
namespace {

using support::kUser;
using support::server;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr uid_t kOther = kUser + 1;
const Peer kGovernor{0, 1, true};
const Peer kOwner{kUser, 2, false};
const Peer kStranger{kOther, 3, false};

struct NamedOrders : ::testing::Test {
    policy::Policy policy = policy::builtin_defaults();
    Look look;
    NamedOrders() { look.snapshot = support::snapshot().with(server(100)).with(server(200)).build(); }

    ActionRequest naming(std::vector<pid_t> pids) {
        ActionRequest request;
        for (const pid_t pid : pids) request.servers.push_back({pid, {}});
        return request;
    }
    auto orders(const ActionRequest& request, const Peer& peer = kGovernor) {
        return named_orders(request, look, policy, peer);
    }
};

TEST_F(NamedOrders, NameAServerOnceByAnyOfItsProcesses) {
    look.snapshot.servers[0].members.push_back({.id = {101, Ticks(5)}, .uid = kUser, .comm = "chrome"});
    const auto made = orders(naming({100, 101, 200}));
    ASSERT_TRUE(made);
    ASSERT_THAT(*made, SizeIs(2));
    EXPECT_EQ(made->front().server.id, look.snapshot.servers[0].id);
    EXPECT_EQ(made->front().origin, enforce::Origin::hand);
}

TEST_F(NamedOrders, DoNothingAtAllWhereOneIsNoServer) {
    const auto made = orders(naming({100, 999}));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().status, 404U);
    EXPECT_THAT(made.error().error, HasSubstr("999"));
}

TEST_F(NamedOrders, DoNotTakeAnotherProcessWithThatPid) {
    ActionRequest request;
    request.servers.push_back({100, ProcessId{100, Ticks(1)}});
    EXPECT_FALSE(orders(request));
    request.servers.front().id = look.snapshot.servers[0].id;
    EXPECT_TRUE(orders(request));
}

TEST_F(NamedOrders, ServersOfOthersAreNotThere) {
    const auto theirs = orders(naming({100}), kOwner);
    ASSERT_TRUE(theirs);
    EXPECT_EQ(theirs->front().asked_by, kUser) << "judged again with what is there then";
    const auto made = orders(naming({100}), kStranger);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().status, 404U);
}

TEST_F(NamedOrders, AUserOrdersNothingOfAServerThatIsSomebodyElsesInPart) {
    look.snapshot.servers[0].members.push_back({.id = {101, Ticks(5)}, .uid = 0, .comm = "sudo"});
    const auto made = orders(naming({100}), kOwner);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().status, 403U);
    EXPECT_TRUE(orders(naming({100})));
}

TEST_F(NamedOrders, ByRuleDoOnlyWhatThisDaemonsOwnPlanHasDue) {
    ActionRequest request = naming({100, 200, 999});
    request.rules = {policy::Rule::orphan};
    EXPECT_THAT(*orders(request), IsEmpty());

    policy::PlannedAction due;
    due.server = look.snapshot.servers[1].id;
    due.action = policy::Action::terminate;
    due.rules = {policy::Rule::over_age};
    look.plan.due.push_back(due);
    EXPECT_THAT(*orders(request), IsEmpty()) << "another rule asks for it";

    look.plan.due.front().rules.push_back(policy::Rule::orphan);
    const auto made = orders(request);
    ASSERT_THAT(*made, SizeIs(1));
    EXPECT_EQ(made->front().origin, enforce::Origin::rule);
    EXPECT_EQ(made->front().server.id, look.snapshot.servers[1].id);
}

struct NamedEntries : NamedOrders {
    std::vector<enforce::UndoEntry> held;
    NamedEntries() {
        held.resize(1);
        held.front().cage = "mcp-reaper-filesystem-100-1";
        held.front().server = look.snapshot.servers[0].id;
        held.front().uid = kUser;
    }
    auto entries(const ActionRequest& request, const Peer& peer = kGovernor) {
        return named_entries(request, held, look.snapshot, peer);
    }
};

TEST_F(NamedEntries, AreFoundByAnyProcessOfTheServerAndAlsoWhenItIsGone) {
    look.snapshot.servers[0].members.push_back({.id = {101, Ticks(5)}, .uid = kUser, .comm = "chrome"});
    EXPECT_THAT(*entries(naming({101, 100})), SizeIs(1));
    look.snapshot.servers.clear();
    EXPECT_THAT(*entries(naming({100})), SizeIs(1));
}

TEST_F(NamedEntries, WhatIsNotHeldIsSaidAndNothingReleased) {
    EXPECT_FALSE(entries(naming({100, 200})));
    EXPECT_FALSE(entries(naming({100}), kStranger));
}

TEST_F(NamedEntries, AllIsAllThatIsTheirs) {
    ActionRequest all;
    all.all = true;
    EXPECT_THAT(*entries(all), SizeIs(1));
    EXPECT_THAT(*entries(all, kOwner), SizeIs(1));
    EXPECT_THAT(*entries(all, kStranger), IsEmpty());
}

}  // namespace
}  // namespace reaper::daemon
