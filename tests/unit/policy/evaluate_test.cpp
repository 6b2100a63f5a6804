#include "policy/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "support/policies.h"
#include "support/watch.h"

namespace reaper::policy {
namespace {

using namespace std::chrono_literals;
using support::blunt;
using support::classic_limits;
using support::finding_of;
using support::found;
using support::pids;
using support::server;
using support::ServerBuilder;
using support::snapshot;
using support::SnapshotBuilder;
using support::verdict_of;
using support::Watch;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr pid_t kPid = 100;

// ---- What each rule finds, and what it says about it. -----------------------------------------------

struct RuleCase {
    const char* name;
    ServerBuilder server;
    Rule rule;
    const char* why;  ///< nullptr: no finding.
    Status status;
};

void PrintTo(const RuleCase& one, std::ostream* out) {
    *out << one.name;
}

class Rules : public testing::TestWithParam<RuleCase> {};

TEST_P(Rules, Finds) {
    const RuleCase& one = GetParam();
    const Plan plan = Watch(classic_limits()).see_for(2min, snapshot().with(one.server));
    const Finding* const finding = support::find_finding(plan, kPid, one.rule);
    ASSERT_EQ(finding != nullptr, one.why != nullptr);
    if (finding != nullptr) {
        EXPECT_EQ(finding->why, one.why);
        EXPECT_EQ(finding->pending, 0s);
    }
    EXPECT_EQ(to_string(verdict_of(plan, kPid).status), to_string(one.status));
}

INSTANTIATE_TEST_SUITE_P(
    Table, Rules,
    testing::Values(
        RuleCase{"AServerInUseIsHealthy", server(kPid), Rule::orphan, nullptr, Status::healthy},
        RuleCase{"AClosedChannelThatListensNowhereIsAnOrphan", server(kPid).orphaned(), Rule::orphan,
                 "stdin and stdout are hung up (pipe HUP, pipe ERR) and it listens nowhere",
                 Status::orphan},
        RuleCase{"AnOrphanMayHaveALivingClient", server(kPid).closed(), Rule::orphan,
                 "stdin and stdout are hung up (pipe HUP, pipe ERR) and it listens nowhere",
                 Status::orphan},
        RuleCase{"AStandaloneServerIsNoOrphan", server(kPid).orphaned().standalone(true), Rule::orphan,
                 nullptr, Status::healthy},
        RuleCase{"WhatMayListenIsNoOrphan", server(kPid).orphaned().standalone_unknown(), Rule::orphan,
                 nullptr, Status::healthy},
        RuleCase{"AnUnknownChannelIsNoOrphan", server(kPid).no_client().channel_unknown(), Rule::orphan,
                 nullptr, Status::healthy},
        RuleCase{"NoChannelIsNoOrphan", server(kPid).no_client().channel_none(), Rule::orphan, nullptr,
                 Status::healthy},
        RuleCase{"AProvenLeftOverIsAnOrphan",
                 server(kPid).type("playwright").left_over(true, support::id_of(90)), Rule::orphan,
                 "left by playwright 90, which has ended: its debugging pipe is hung up",
                 Status::orphan},
        RuleCase{"ALeftOverOfAServerThatWasNeverSeenIsAnOrphan",
                 server(kPid).type("playwright").left_over(true), Rule::orphan,
                 "left by playwright, which has ended: its debugging pipe is hung up", Status::orphan},
        RuleCase{"ALeftOverThatIsNotProvenBreaksNoRule", server(kPid).left_over(false), Rule::orphan,
                 nullptr, Status::suspected},
        RuleCase{"AZombieServerProcessIsAZombie", server(kPid).npx().zombie(kPid), Rule::zombie,
                 "the server process is a zombie (pid 100, whose parent 99 does not reap it)",
                 Status::zombie},
        RuleCase{"AZombieLauncherIsAZombie", server(kPid).npx().zombie(98), Rule::zombie,
                 "1 of its 3 processes is a zombie (pid 98, whose parent 11 does not reap it)",
                 Status::zombie},
        RuleCase{
            "ZombieHelpersAreZombies", server(kPid).helper(105).helper(106).zombie(105).zombie(106),
            Rule::zombie,
            "2 of its 3 processes are zombies (the first: pid 105, whose parent 100 does not reap it)",
            Status::zombie},
        RuleCase{"OnlyZombiesLeft", server(kPid).npx().all_zombies(), Rule::zombie,
                 "nothing but zombies is left (pid 98, whose parent 11 does not reap it)",
                 Status::zombie},
        RuleCase{"OnlyZombiesLeftIsNoOrphan", server(kPid).orphaned().all_zombies(), Rule::orphan,
                 nullptr, Status::zombie},
        RuleCase{"OlderThanAllowed", server(kPid).age(2h + 11min), Rule::over_age,
                 "running for 2 h 13 min, limit 2 h", Status::unhealthy},
        RuleCase{"OnlyJustOlderThanAllowed", server(kPid).age(2h - 2min + 1s), Rule::over_age,
                 "running for just over 2 h, limit 2 h", Status::unhealthy},
        RuleCase{"AsOldAsAllowedIsNotOver", server(kPid).age(2h - 2min), Rule::over_age, nullptr,
                 Status::healthy},
        RuleCase{"MoreCpuThanAllowed", server(kPid).cpu(93.4), Rule::over_cpu,
                 "uses 93.4 % CPU, limit 80 %", Status::unhealthy},
        RuleCase{"AsMuchCpuAsAllowedIsOnlyAWarning", server(kPid).cpu(80), Rule::over_cpu, nullptr,
                 Status::degraded},
        RuleCase{"NoCpuRateNoFinding", server(kPid), Rule::over_cpu, nullptr, Status::healthy},
        RuleCase{"MoreMemoryThanAllowed", server(kPid).memory_mib(812), Rule::over_memory,
                 "memory 812 MiB, limit 500 MiB", Status::unhealthy},
        RuleCase{"MemoryThatIsPartlyRssSaysSo", server(kPid).memory_mib(812).memory_incomplete(),
                 Rule::over_memory, "memory 812 MiB (partly RSS), limit 500 MiB", Status::unhealthy},
        RuleCase{"AsMuchMemoryAsAllowedIsOnlyAWarning", server(kPid).memory_mib(500), Rule::over_memory,
                 nullptr, Status::degraded},
        RuleCase{"ASuspectedServerBreaksNoRule",
                 server(kPid).orphaned().suspected().cpu(99).memory_mib(9000).age(9h), Rule::orphan,
                 nullptr, Status::suspected}),
    support::name_of_case);

TEST(Findings, AServerCanHaveSeveralInTheOrderOfTheRules) {
    const Plan plan =
        Watch(classic_limits())
            .see(snapshot().with(
                server(kPid).orphaned().helper(105).zombie(105).cpu(99).memory_mib(812).age(3h)));
    std::vector<Rule> rules;
    for (const Finding& finding : verdict_of(plan, kPid).findings) rules.push_back(finding.rule);
    EXPECT_THAT(rules, ElementsAre(Rule::orphan, Rule::zombie, Rule::over_age, Rule::over_cpu,
                                   Rule::over_memory));
}

TEST(Findings, ARuleThatIsOffFindsNothing) {
    Policy policy = classic_limits();
    policy.rule(Rule::orphan).enabled = false;
    const Plan plan = Watch(policy).see_for(1min, snapshot().with(server(kPid).orphaned()));
    EXPECT_THAT(verdict_of(plan, kPid).findings, IsEmpty());
    EXPECT_EQ(verdict_of(plan, kPid).status, Status::healthy);
    EXPECT_THAT(plan.due, IsEmpty());
}

TEST(Findings, OfAHangUpThatPollDidNotSeeSayHowItWasSeen) {
    scan::Snapshot one = snapshot().with(server(kPid).orphaned()).build();
    one.servers[0].in = support::end_of(scan::EndKind::unix_socket, scan::EndState::closed);
    one.servers[0].in.method = "sock_diag";
    one.servers[0].out = one.servers[0].in;
    const std::string why = Watch(classic_limits()).see(one).verdicts[0].findings.at(0).why;
    EXPECT_EQ(why, "stdin and stdout are hung up (" +
                       std::string(to_string(scan::EndKind::unix_socket)) +
                       " by sock_diag) and it listens nowhere");
}

TEST(Warnings, BetweenTheThresholdAndTheLimitMakeItDegraded) {
    const Plan plan = Watch(classic_limits()).see(snapshot().with(server(kPid).cpu(75).memory_mib(320)));
    EXPECT_THAT(verdict_of(plan, kPid).warnings,
                ElementsAre("uses 75 % CPU, warning at 70 %", "memory 320 MiB, warning at 300 MiB"));
    EXPECT_EQ(verdict_of(plan, kPid).status, Status::degraded);
    EXPECT_THAT(verdict_of(plan, kPid).findings, IsEmpty());
}

TEST(Warnings, AreNotRepeatedWhereTheLimitItselfIsPassed) {
    const Plan plan = Watch(classic_limits()).see(snapshot().with(server(kPid).cpu(99).memory_mib(812)));
    EXPECT_THAT(verdict_of(plan, kPid).warnings, IsEmpty());
}

TEST(StartUp, IsJudgedByNoCpuLimit) {
    const auto starting = snapshot().with(server(kPid).age(20s).cpu(300));
    Watch watch(classic_limits());
    Plan plan = watch.see(SnapshotBuilder(starting));
    EXPECT_THAT(found(plan, Rule::over_cpu), IsEmpty());
    EXPECT_EQ(verdict_of(plan, kPid).status, Status::healthy);
    plan = watch.see(SnapshotBuilder(starting).at(10s));
    EXPECT_THAT(found(plan, Rule::over_cpu), ElementsAre(kPid));
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).pending, 60s);
}

// ---- A rule that needs time. ------------------------------------------------------------------------

TEST(Span, IsPendingUntilItHasHeldLongEnough) {
    const auto orphan = snapshot().with(server(kPid).orphaned());
    Watch watch(builtin_defaults());
    Plan plan = watch.see(SnapshotBuilder(orphan));
    EXPECT_EQ(finding_of(plan, kPid, Rule::orphan).pending, 30s);
    EXPECT_EQ(verdict_of(plan, kPid).status, Status::orphan);
    EXPECT_THAT(plan.due, IsEmpty());
    ASSERT_THAT(pids(plan.pending), ElementsAre(kPid));
    EXPECT_EQ(plan.pending.at(0).action, Action::terminate);

    plan = watch.see(SnapshotBuilder(orphan).at(29'001ms));
    EXPECT_EQ(finding_of(plan, kPid, Rule::orphan).pending, 1s) << "rounded up";
    EXPECT_THAT(plan.due, IsEmpty());

    plan = watch.see(SnapshotBuilder(orphan).at(30s));
    EXPECT_EQ(finding_of(plan, kPid, Rule::orphan).pending, 0s);
    EXPECT_THAT(pids(plan.due), ElementsAre(kPid));
    EXPECT_THAT(plan.pending, IsEmpty());
}

TEST(Span, OneGoodSampleInBetweenBeginsItAnew) {
    Watch watch(builtin_defaults());
    watch.see(snapshot().with(server(kPid).orphaned()));
    watch.see(snapshot().at(20s).with(server(kPid)));
    const Plan plan = watch.see(snapshot().at(40s).with(server(kPid).orphaned()));
    EXPECT_THAT(plan.due, IsEmpty());
    EXPECT_EQ(finding_of(plan, kPid, Rule::orphan).pending, 30s);
}

TEST(Span, IsMeasuredOnTheMonotonicClockOnly) {
    Watch watch(builtin_defaults());
    watch.see(snapshot().with(server(kPid).orphaned()));
    scan::Snapshot resumed = snapshot().at(1s).with(server(kPid).orphaned()).build();
    resumed.since_boot += 8h;  // A night's sleep.
    resumed.taken_at += 24h;   // And a wall clock that was set.
    EXPECT_EQ(watch.see(resumed).verdicts[0].findings.at(0).pending, 29s);
}

TEST(Span, AClockThatWentBackActsOnNothing) {
    Watch watch(builtin_defaults());
    watch.see_for(1min, snapshot().with(server(kPid).orphaned()));
    const Plan plan = watch.see(snapshot().at(59s).with(server(kPid).orphaned()));
    EXPECT_THAT(plan.due, IsEmpty());
    EXPECT_EQ(finding_of(plan, kPid, Rule::orphan).pending, 30s);
}

TEST(Span, WithoutATrackNothingHasBeenSeen) {
    const Plan plan = evaluate(snapshot().with(server(kPid).orphaned()).build(), {}, builtin_defaults());
    EXPECT_THAT(plan.due, IsEmpty());
    EXPECT_EQ(finding_of(plan, kPid, Rule::orphan).pending, 30s);
}

TEST(Span, NotInUseIsBelievedOnlyAfterAsLongAsAnOrphan) {
    // over_age waits for nothing, but a server may be in the midst of being closed, or not listen yet.
    const auto unused = snapshot().with(server(kPid).channel_none().age(3h));
    Watch watch(classic_limits());
    const Plan plan = watch.see(SnapshotBuilder(unused));
    EXPECT_THAT(plan.due, IsEmpty());
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_age).pending, 30s);
    EXPECT_THAT(pids(watch.see(SnapshotBuilder(unused).at(30s)).due), ElementsAre(kPid));
    EXPECT_THAT(pids(Watch(blunt()).see(SnapshotBuilder(unused)).due), ElementsAre(kPid));
}

// ---- The plan. --------------------------------------------------------------------------------------

TEST(ThePlan, AsksForTheHarshestOfWhatHolds) {
    Policy policy = blunt();
    const Plan plan =
        Watch(policy).see_for(1min, snapshot().with(server(kPid).cpu(99).memory_mib(812).age(3h)));
    ASSERT_EQ(plan.due.size(), 1U);
    EXPECT_EQ(plan.due.at(0).action, Action::terminate);
    EXPECT_THAT(plan.due.at(0).rules, ElementsAre(Rule::over_age, Rule::over_memory));
    EXPECT_THAT(plan.due.at(0).reasons,
                ElementsAre(HasSubstr("running for"), HasSubstr("memory 812 MiB")));
    EXPECT_EQ(plan.due.at(0).pending, 0s);
}

TEST(ThePlan, ShowsWhatIsPendingWithTheShortestWait) {
    Policy policy = blunt();
    policy.rule(Rule::zombie).action = Action::report;
    const auto both = snapshot().with(server(kPid).orphaned().memory_mib(812));
    policy.rule(Rule::orphan).hold = 45s;
    const Plan plan = Watch(policy).see(both);
    EXPECT_THAT(plan.due, IsEmpty());
    ASSERT_EQ(plan.pending.size(), 1U);
    EXPECT_THAT(plan.pending.at(0).rules, ElementsAre(Rule::orphan, Rule::over_memory));
    EXPECT_EQ(plan.pending.at(0).pending, 30s);
}

TEST(ThePlan, NamesAServerOnceInWhatIsDueOrInWhatIsPending) {
    Policy policy = blunt();
    policy.rule(Rule::over_cpu).hold = 0s;
    const Plan plan = Watch(policy).see(snapshot().with(server(kPid).cpu(99).memory_mib(812)));
    ASSERT_EQ(plan.due.size(), 1U);
    EXPECT_EQ(plan.due.at(0).action, Action::throttle);
    EXPECT_THAT(plan.pending, IsEmpty());
}

TEST(ThePlan, EndsOrphansFirstThenTheLongestIdleThenTheOldest) {
    Watch watch(blunt());
    const auto all = [](std::chrono::seconds at, Ticks worked) {
        return snapshot()
            .at(at)
            .with(server(100).age(4h).cpu_time(worked))
            .with(server(200).age(3h))
            .with(server(300).age(5h))
            .with(server(400).age(1h).orphaned())
            .with(server(500).cpu(99));
    };
    watch.see(all(0s, Ticks(100)));
    const Plan plan = watch.see(all(60s, Ticks(200)));
    ASSERT_THAT(pids(plan.due), ElementsAre(400, 300, 200, 100, 500));
    EXPECT_EQ(plan.due.back().action, Action::throttle);
}

TEST(ThePlan, HasAVerdictOnEveryServerInTheSnapshotsOrder) {
    scan::Snapshot three = snapshot().with(server(300)).with(server(100)).with(server(200)).build();
    std::swap(three.servers[0], three.servers[2]);
    const Plan plan = Watch(builtin_defaults()).see(three);
    ASSERT_EQ(plan.verdicts.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(plan.verdicts[i].server, three.servers[i].id);
}

TEST(ThePlan, OfNoServersIsEmpty) {
    const Plan plan = Watch(classic_limits()).see(snapshot());
    EXPECT_THAT(plan.verdicts, IsEmpty());
    EXPECT_THAT(plan.due, IsEmpty());
}

TEST(ThePlan, TellsHowLongEachHasBeenIdle) {
    const Plan plan = Watch(builtin_defaults()).see_for(90s, snapshot().with(server(kPid)));
    EXPECT_EQ(verdict_of(plan, kPid).idle, 90s);
}

}  // namespace
}  // namespace reaper::policy
