#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/watch.h"

namespace reaper::policy {
namespace {

using namespace std::chrono_literals;
using support::found;
using support::pids;
using support::server;
using support::ServerBuilder;
using support::snapshot;
using support::SnapshotBuilder;
using support::Watch;
using testing::ElementsAre;
using testing::IsEmpty;

Policy at_most(unsigned instances, Scope per = Scope::client, Spare spare = Spare::in_use) {
    Policy policy = builtin_defaults();
    policy.limits.max_instances_per_type = instances;
    policy.rule(Rule::duplicate).per = per;
    policy.rule(Rule::duplicate).spare = spare;
    return policy;
}

TEST(Duplicate, AsManyAsAllowedAreNone) {
    const Plan plan = Watch(at_most(2)).see(snapshot().with(server(100)).with(server(200)));
    EXPECT_THAT(found(plan, Rule::duplicate), IsEmpty());
}

TEST(Duplicate, KeepsNewestAndSparesInUse) {
    const Plan plan = Watch(at_most(1))
                          .see(snapshot()
                                   .with(server(100).age(1h))
                                   .with(server(200).age(2h))
                                   .with(server(300).age(3h)));
    EXPECT_THAT(found(plan, Rule::duplicate), testing::UnorderedElementsAre(200, 300));
    EXPECT_THAT(plan.due, IsEmpty());
    EXPECT_THAT(plan.pending, IsEmpty());
    const Finding& finding = support::finding_of(plan, 300, Rule::duplicate);
    EXPECT_EQ(finding.action, Action::report);
    EXPECT_EQ(finding.spared, "in use: its channel is open");
    EXPECT_EQ(finding.why, "instance 3 of 1 allowed per client claude (11)");
    EXPECT_EQ(support::finding_of(plan, 200, Rule::duplicate).why,
              "instance 2 of 1 allowed per client claude (11)");
    EXPECT_EQ(support::verdict_of(plan, 300).status, Status::duplicate);
    EXPECT_EQ(support::verdict_of(plan, 100).status, Status::healthy);
}

TEST(Duplicate, TheBluntRuleEndsTheOldestOfThem) {
    const Plan plan = Watch(at_most(2, Scope::host, Spare::nothing))
                          .see(snapshot()
                                   .with(server(100).age(4h))
                                   .with(server(200).age(1h))
                                   .with(server(300).age(2h))
                                   .with(server(400).age(3h)));
    EXPECT_THAT(pids(plan.due), ElementsAre(100, 400));
    EXPECT_EQ(plan.due.at(0).action, Action::terminate);
    EXPECT_THAT(plan.due.at(0).rules, ElementsAre(Rule::duplicate));
    EXPECT_THAT(plan.due.at(0).reasons, ElementsAre("instance 4 of 2 allowed on this host"));
}

TEST(Duplicate, TheLongestIdleGoesBeforeTheOldest) {
    Watch watch(at_most(1, Scope::host, Spare::nothing));
    watch.see(snapshot().with(server(100).age(1h)).with(server(200).age(2h)));
    const Plan plan = watch.see(
        snapshot().at(60s).with(server(100).age(1h)).with(server(200).age(2h).cpu_time(Ticks(500))));
    EXPECT_THAT(pids(plan.due), ElementsAre(100));
}

TEST(Duplicate, OrphansGoFirstAndNobodyElseWhereTheyMakeUpTheExcess) {
    const Plan plan = Watch(at_most(2, Scope::host, Spare::nothing))
                          .see(snapshot()
                                   .with(server(100).age(3h))
                                   .with(server(200).age(2h))
                                   .with(server(300).age(1min).orphaned()));
    EXPECT_THAT(found(plan, Rule::duplicate), ElementsAre(300));
}

TEST(Duplicate, EachTypeIsCountedByItself) {
    const Plan plan = Watch(at_most(1, Scope::host))
                          .see(snapshot().with(server(100).type("fetch")).with(server(200).type("git")));
    EXPECT_THAT(found(plan, Rule::duplicate), IsEmpty());
}

TEST(Duplicate, ATypesOwnLimitCounts) {
    Policy policy = at_most(1);
    ServerType fetch;
    fetch.type = "fetch";
    fetch.limits.max_instances_per_type = 3;
    policy.servers = {fetch};
    const Plan plan =
        Watch(policy).see(snapshot().with(server(100).type("fetch")).with(server(200).type("fetch")));
    EXPECT_THAT(found(plan, Rule::duplicate), IsEmpty());
}

TEST(Duplicate, WithoutALimitThereIsNone) {
    const Plan plan = Watch(builtin_defaults()).see(snapshot().with(server(100)).with(server(200)));
    EXPECT_THAT(found(plan, Rule::duplicate), IsEmpty());
}

TEST(Duplicate, OtherClientsDoNotCountPerClient) {
    const auto two =
        snapshot().with(server(100).client("claude", 11)).with(server(200).client("claude", 12));
    EXPECT_THAT(found(Watch(at_most(1, Scope::client)).see(two), Rule::duplicate), IsEmpty());
    EXPECT_THAT(found(Watch(at_most(1, Scope::host)).see(two), Rule::duplicate).size(), 1);
}

TEST(Duplicate, OtherUsersDoNotCountPerUser) {
    const auto two = snapshot().with(server(100).user(1000)).with(server(200).user(1001));
    EXPECT_THAT(found(Watch(at_most(1, Scope::user)).see(two), Rule::duplicate), IsEmpty());
    const auto same = snapshot().with(server(100).age(1h)).with(server(200).client("codex", 12));
    const Plan plan = Watch(at_most(1, Scope::user)).see(same);
    ASSERT_THAT(found(plan, Rule::duplicate), ElementsAre(100));
    EXPECT_EQ(support::finding_of(plan, 100, Rule::duplicate).why,
              "instance 2 of 1 allowed per user (alice)");
}

TEST(Duplicate, AServerWithoutALivingClientIsNeverGroupedByClient) {
    const Plan plan = Watch(at_most(1))
                          .see(snapshot()
                                   .with(server(100).no_client())
                                   .with(server(200).no_client())
                                   .with(server(300).dead_client(11))
                                   .with(server(400).dead_client(11)));
    EXPECT_THAT(found(plan, Rule::duplicate), IsEmpty());
}

TEST(Duplicate, SuspectedAndDeadOnesCountForNothing) {
    const Plan plan = Watch(at_most(1, Scope::host))
                          .see(snapshot()
                                   .with(server(100))
                                   .with(server(200).suspected())
                                   .with(server(300).all_zombies()));
    EXPECT_THAT(found(plan, Rule::duplicate), IsEmpty());
}

TEST(Duplicate, AClosedChannelMustHaveBeenSeenForAsLongAsAnOrphans) {
    // Its client may be in the midst of closing it: four seconds are usual.
    const auto closing = snapshot().with(server(100)).with(server(200).closed());
    Watch watch(at_most(1));
    const Plan first = watch.see(closing);
    EXPECT_THAT(first.due, IsEmpty());
    ASSERT_THAT(pids(first.pending), ElementsAre(200));
    EXPECT_EQ(first.pending.at(0).pending, 30s);
    EXPECT_THAT(pids(watch.see(SnapshotBuilder(closing).at(30s)).due), ElementsAre(200));
}

TEST(Superseded, AnIdleOneWithANewerOneOfTheSameClientTypeAndArguments) {
    Watch watch(builtin_defaults());
    const auto two = snapshot().with(server(100).age(2h)).with(server(200).age(1h));
    const Plan first = watch.see(two);
    ASSERT_THAT(found(first, Rule::superseded), ElementsAre(100));
    EXPECT_EQ(support::finding_of(first, 100, Rule::superseded).pending, 1800s);
    EXPECT_EQ(support::verdict_of(first, 100).status, Status::healthy);

    const Plan later = watch.see(SnapshotBuilder(two).at(41min));
    const Finding& finding = support::finding_of(later, 100, Rule::superseded);
    EXPECT_EQ(finding.pending, 0s);
    EXPECT_EQ(finding.why,
              "a newer filesystem of claude (11) exists (pid 200); this one idle for 41 min");
    EXPECT_EQ(support::verdict_of(later, 100).status, Status::duplicate);
    EXPECT_THAT(later.due, IsEmpty());
}

TEST(Superseded, NotWhileItIsAtWork) {
    Watch watch(builtin_defaults());
    watch.see(snapshot().with(server(100).age(2h)).with(server(200).age(1h)));
    const Plan plan = watch.see(
        snapshot().at(41min).with(server(100).age(2h).cpu_time(Ticks(400))).with(server(200).age(1h)));
    EXPECT_THAT(found(plan, Rule::superseded), IsEmpty());
}

TEST(Superseded, NotWhereAnythingIsDifferentOrUnknown) {
    const auto older = server(100).age(2h);
    const auto newer = server(200).age(1h);
    const std::vector<std::pair<ServerBuilder, ServerBuilder>> pairs = {
        {older, ServerBuilder(newer).type("fetch")},
        {older, ServerBuilder(newer).arguments(2)},
        {older, ServerBuilder(newer).client("claude", 12)},
        {ServerBuilder(older).ancestor("python3", 11), ServerBuilder(newer).ancestor("python3", 11)},
        {ServerBuilder(older).no_client(), ServerBuilder(newer).no_client()},
        {ServerBuilder(older).dead_client(11), ServerBuilder(newer).dead_client(11)},
        {older, ServerBuilder(newer).closed()},
        {older, ServerBuilder(newer).channel_unknown()},
        {older, ServerBuilder(newer).all_zombies()},
        {older, ServerBuilder(newer).suspected()},
    };
    for (const auto& [first, second] : pairs) {
        const Plan plan = Watch(builtin_defaults()).see_for(1h, snapshot().with(first).with(second));
        EXPECT_THAT(found(plan, Rule::superseded), IsEmpty()) << &first - &pairs[0].first;
    }
}

}  // namespace
}  // namespace reaper::policy
