// What is different while memory is short (policy: `pressure:`).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/confirm.h"
#include "support/policies.h"
#include "support/watch.h"

namespace reaper::policy {
namespace {

using namespace std::chrono_literals;
using support::finding_of;
using support::pids;
using support::server;
using support::ServerBuilder;
using support::snapshot;
using support::verdict_of;
using support::Watch;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr pid_t kPid = 100;
constexpr Circumstances kShort{true};

/// The classic limits (500 MiB), and 200 MiB while memory is short.
Policy policy() {
    Policy made = support::classic_limits();
    made.pressure.limits.max_memory = Bytes::from_mib(200);
    return made;
}

/// Neither in use nor an orphan.
ServerBuilder unused(pid_t pid = kPid) {
    return server(pid).no_client().channel_none();
}

/// Out of use for as long as the orphan rule asks, memory being short only now.
Plan seen_short(Policy with, const ServerBuilder& one) {
    Watch watch(std::move(with));
    watch.see(snapshot().at(0s).with(one));
    return watch.see(snapshot().at(30s).with(one), kShort);
}

TEST(Pressure, MakesStricterLimitsHoldAtOnce) {
    const ServerBuilder one = unused().memory_mib(250);
    EXPECT_THAT(Watch(policy()).see_for(60s, snapshot().with(one)).due, IsEmpty());
    const Plan plan = seen_short(policy(), one);
    EXPECT_THAT(pids(plan.due), ElementsAre(kPid));
    const Finding& finding = finding_of(plan, kPid, Rule::over_memory);
    EXPECT_EQ(finding.why, "memory 250 MiB, limit 200 MiB under memory pressure");
    EXPECT_TRUE(finding.under_pressure);
    EXPECT_TRUE(plan.due[0].under_pressure);
    EXPECT_EQ(verdict_of(plan, kPid).status, Status::unhealthy);
}

TEST(Pressure, DoesNotLoosenALimit) {
    Policy loose = policy();
    loose.pressure.limits.max_memory = Bytes::from_mib(900);
    const Plan plan = seen_short(loose, unused().memory_mib(600));
    EXPECT_THAT(finding_of(plan, kPid, Rule::over_memory).why,
                HasSubstr("memory 600 MiB, limit 500 MiB"));
    EXPECT_FALSE(plan.due.at(0).under_pressure) << "it is over the limit that always holds";
}

TEST(Pressure, DoesNotWaitForTheSpanOfALimitOfUse) {
    Policy patient = policy();
    patient.rule(Rule::over_memory).hold = 10min;
    patient.rule(Rule::over_cpu).hold = 10min;
    const ServerBuilder one = unused().memory_mib(600).cpu(99);
    EXPECT_THAT(Watch(patient).see_for(30s, snapshot().with(one)).due, IsEmpty());
    const Plan plan = seen_short(patient, one);
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).why,
              "uses 99 % CPU, limit 80 %, under memory pressure");
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).pending, 0s);
    EXPECT_THAT(pids(plan.due), ElementsAre(kPid));
}

TEST(Pressure, StillWaitsUntilItIsSureThatAServerIsOutOfUse) {
    Watch watch(policy());
    const ServerBuilder one = unused().memory_mib(250);
    watch.see(snapshot().at(0s).with(one), kShort);
    EXPECT_THAT(watch.see(snapshot().at(29s).with(one), kShort).due, IsEmpty());
    EXPECT_THAT(pids(watch.see(snapshot().at(30s).with(one), kShort).due), ElementsAre(kPid));
}

TEST(Pressure, EndsNothingInUse) {
    const Plan plan = seen_short(policy(), server(kPid).memory_mib(250));
    EXPECT_THAT(plan.due, IsEmpty());
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_memory).spared, "in use: its channel is open");
}

TEST(Pressure, EndsNothingInUseByItsLimitsThoughTheRuleSparesNothing) {
    Policy blunt = policy();
    blunt.rule(Rule::over_memory).spare = Spare::nothing;
    EXPECT_THAT(seen_short(blunt, server(kPid).memory_mib(250)).due, IsEmpty());
    // Nor any sooner: without pressure, too, the rule asks for 30 s.
    Watch watch(blunt);
    const ServerBuilder one = server(kPid).memory_mib(600);
    EXPECT_THAT(watch.see(snapshot().at(0s).with(one), kShort).due, IsEmpty());
    EXPECT_THAT(pids(watch.see(snapshot().at(30s).with(one), kShort).due), ElementsAre(kPid));
}

TEST(Pressure, EndsWhatIsInUseWhereItSparesNothing) {
    Policy harsh = policy();
    harsh.pressure.spare = Spare::nothing;
    Plan plan = Watch(harsh).see(snapshot().with(server(kPid).memory_mib(250)), kShort);
    EXPECT_THAT(pids(plan.due), ElementsAre(kPid));
    plan = Watch(harsh).see(snapshot().with(server(kPid).memory_mib(600)), kShort);
    EXPECT_THAT(pids(plan.due), ElementsAre(kPid)) << "also what is over the other limit";
    plan = Watch(harsh).see(snapshot().with(server(kPid).age(3h)), kShort);
    EXPECT_THAT(plan.due, IsEmpty()) << "pressure has no limit of the age";
    plan = Watch(harsh).see(snapshot().with(server(kPid).memory_mib(250).unit_main()), kShort);
    EXPECT_THAT(plan.due, IsEmpty()) << "no policy turns off the safety rules";
}

TEST(Pressure, CountsInstancesByItsOwnNumber) {
    Policy few = policy();
    few.limits.max_instances_per_type = 3;
    few.pressure.limits.max_instances_per_type = 1;
    few.rule(Rule::duplicate).per = Scope::host;
    const auto three = snapshot().with(unused(100)).with(unused(200)).with(unused(300));
    const Plan plan = Watch(few).see(three, kShort);
    EXPECT_THAT(support::found(plan, Rule::duplicate), ElementsAre(100, 200));
    EXPECT_EQ(finding_of(plan, 100, Rule::duplicate).why,
              "instance 3 of 1 allowed on this host under memory pressure");
    EXPECT_THAT(support::found(Watch(few).see(three), Rule::duplicate), IsEmpty());
}

TEST(Pressure, LeavesALimitLiftedThatATypeHasLifted) {
    Policy lifted = policy();
    ServerType type;
    type.type = "fetch";
    type.limits.max_memory = kNoLimits.max_memory;
    lifted.servers = {type};
    EXPECT_FALSE(lifted.pressed_limits_for("fetch").max_memory);
    EXPECT_EQ(lifted.pressed_limits_for("git").max_memory, Bytes::from_mib(200));
    lifted.limits.max_memory.reset();
    EXPECT_EQ(lifted.pressed_limits_for("git").max_memory, Bytes::from_mib(200));
}

TEST(Pressure, CanBeSwitchedOff) {
    Policy off = policy();
    off.pressure.enabled = false;
    EXPECT_THAT(seen_short(off, unused().memory_mib(250)).due, IsEmpty());
}

TEST(Pressure, DoesNotAddToTheSpansOfTheOtherLimits) {
    Policy blunt = policy();
    blunt.rule(Rule::over_memory).spare = Spare::nothing;
    Watch watch(blunt);
    watch.see(snapshot().at(0s).with(server(kPid).memory_mib(250)), kShort);
    const Plan plan = watch.see(snapshot().at(40s).with(server(kPid).memory_mib(600)), kShort);
    EXPECT_THAT(plan.due, IsEmpty()) << "it has been over 500 MiB for a moment";
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_memory).pending, 30s);
}

TEST(Pressure, CountsTheStepsOfAnEscalationFromItsBeginning) {
    Policy steps = policy();
    steps.rule(Rule::over_memory).escalation = {{Action::report, 0s}, {Action::terminate, 60s}};
    Watch watch(steps);
    const ServerBuilder one = unused().memory_mib(250);
    watch.see(snapshot().at(0s).with(one));
    watch.see(snapshot().at(100s).with(one), kShort);
    EXPECT_THAT(watch.see(snapshot().at(159s).with(one), kShort).due, IsEmpty());
    EXPECT_THAT(pids(watch.see(snapshot().at(160s).with(one), kShort).due), ElementsAre(kPid));
}

TEST(Pressure, EndsOrphansFirstThenIdleLongestThenBiggest) {
    Watch watch(policy());
    const auto all = [](Ticks worked) {
        return snapshot()
            .with(unused(100).memory_mib(300).cpu_time(worked))
            .with(unused(200).memory_mib(250))
            .with(unused(300).memory_mib(400))
            .with(server(400).orphaned().memory_mib(10))
            .with(unused(500).memory_mib(900).cpu_time(worked));
    };
    watch.see(all(Ticks(0)).at(0s), kShort);
    const Plan plan = watch.see(all(Ticks(50)).at(30s), kShort);
    EXPECT_THAT(pids(plan.due), ElementsAre(400, 300, 200, 500, 100));
}

TEST(Pressure, WarnsByItsOwnThresholds) {
    Policy warned = policy();
    warned.pressure.limits.warning_memory = Bytes::from_mib(100);
    const Plan plan = Watch(warned).see(snapshot().with(server(kPid).memory_mib(150)), kShort);
    EXPECT_THAT(verdict_of(plan, kPid).warnings,
                ElementsAre("memory 150 MiB, warning at 100 MiB under memory pressure"));
}

TEST(Pressure, IsConfirmedByTheLimitsThatItWasPlannedBy) {
    const Policy with = policy();
    const Plan plan = seen_short(with, unused().memory_mib(250));
    ASSERT_EQ(plan.due.size(), 1U);
    const auto against = [&](const PlannedAction& planned, const ServerBuilder& now) {
        return contradiction(planned, now.build(), with, {}, {0, true}).value_or("");
    };
    EXPECT_EQ(against(plan.due[0], unused().memory_mib(250)), "");
    EXPECT_EQ(against(plan.due[0], unused().memory_mib(150)),
              "its memory (150 MiB) is within the limit of 200 MiB");
    EXPECT_EQ(against(plan.due[0], server(kPid).memory_mib(250)), "in use: its channel is open");
    PlannedAction ordinary = plan.due[0];
    ordinary.under_pressure = false;
    EXPECT_EQ(against(ordinary, unused().memory_mib(250)),
              "its memory (250 MiB) is within the limit of 500 MiB");
}

}  // namespace
}  // namespace reaper::policy
