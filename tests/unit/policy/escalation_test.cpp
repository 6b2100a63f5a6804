// Escalations: what a rule does at once, what it does when the finding goes on.
#include "policy/escalation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <optional>
#include <ostream>

#include "support/policies.h"
#include "support/watch.h"

namespace reaper::policy {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using support::finding_of;
using support::pids;
using support::server;
using support::ServerBuilder;
using support::snapshot;
using support::SnapshotBuilder;
using support::Watch;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr pid_t kPid = 100;

/// over_cpu must hold for a minute; then [report, throttle after 5m, terminate after 30m].
Policy escalating(std::vector<Step> steps = {
                      {Action::report, 0s}, {Action::throttle, 5min}, {Action::terminate, 30min}}) {
    Policy policy = support::classic_limits();
    policy.limits.max_age.reset();
    RuleSettings& rule = policy.rule(Rule::over_cpu);
    rule.action = steps.back().action;
    rule.escalation = std::move(steps);
    return policy;
}

/// Spins, and is neither in use nor an orphan.
ServerBuilder spinning() {
    return server(kPid).no_client().channel_none().cpu(99);
}

// ---- Which step is due. -----------------------------------------------------------------------------

struct Moment {
    const char* name;
    seconds seen;  ///< For how long the server has been seen to spin.
    seconds pending;
    Action action;
    std::optional<NextStep> next;
    Action due;  ///< report: nothing.
    std::optional<NextStep> planned;
};

void PrintTo(const Moment& one, std::ostream* out) {
    *out << one.name;
}

class Escalation : public testing::TestWithParam<Moment> {};

TEST_P(Escalation, GetsHarsherTheLongerItGoesOn) {
    const Moment& moment = GetParam();
    const Plan plan = Watch(escalating()).see_for(moment.seen, snapshot().with(spinning()));
    const Finding& finding = finding_of(plan, kPid, Rule::over_cpu);
    EXPECT_EQ(finding.pending, moment.pending);
    EXPECT_EQ(to_string(finding.action), to_string(moment.action));
    EXPECT_EQ(finding.next, moment.next);
    EXPECT_EQ(finding.spared, "");
    ASSERT_EQ(plan.due.size(), moment.due == Action::report ? 0U : 1U);
    if (!plan.due.empty()) {
        EXPECT_EQ(plan.due[0].action, moment.due);
        EXPECT_EQ(plan.due[0].pending, 0s);
        EXPECT_FALSE(plan.due[0].weight_only);
    }
    ASSERT_EQ(plan.pending.size(), moment.planned ? 1U : 0U);
    if (moment.planned) {
        EXPECT_EQ(plan.pending[0].action, moment.planned->action);
        EXPECT_EQ(plan.pending[0].pending, moment.planned->in);
        EXPECT_THAT(plan.pending[0].rules, ElementsAre(Rule::over_cpu));
    }
}

constexpr NextStep throttle_in(seconds in) {
    return {Action::throttle, in};
}
constexpr NextStep terminate_in(seconds in) {
    return {Action::terminate, in};
}

INSTANTIATE_TEST_SUITE_P(Table, Escalation,
                         testing::Values(Moment{"OnlyJustSeen", 0s, 60s, Action::report,
                                                throttle_in(360s), Action::report, throttle_in(360s)},
                                         Moment{"BeforeTheRuleHolds", 59s, 1s, Action::report,
                                                throttle_in(301s), Action::report, throttle_in(301s)},
                                         Moment{"WhenTheRuleHolds", 60s, 0s, Action::report,
                                                throttle_in(300s), Action::report, throttle_in(300s)},
                                         Moment{"BeforeTheSecondStep", 359s, 0s, Action::report,
                                                throttle_in(1s), Action::report, throttle_in(1s)},
                                         Moment{"AtTheSecondStep", 360s, 0s, Action::throttle,
                                                terminate_in(25min), Action::throttle, std::nullopt},
                                         Moment{"BeforeTheLastStep", 1859s, 0s, Action::throttle,
                                                terminate_in(1s), Action::throttle, std::nullopt},
                                         Moment{"AtTheLastStep", 1860s, 0s, Action::terminate,
                                                std::nullopt, Action::terminate, std::nullopt},
                                         Moment{"LongAfter", 24h, 0s, Action::terminate, std::nullopt,
                                                Action::terminate, std::nullopt}),
                         support::name_of_case);

TEST(Steps, MayBeginWithATimeAndReportUntilThen) {
    const Policy policy = escalating({{Action::throttle, 5min}, {Action::terminate, 30min}});
    Plan plan = Watch(policy).see_for(2min, snapshot().with(spinning()));
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).action, Action::report);
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).next, throttle_in(4min));
    EXPECT_THAT(pids(plan.pending), ElementsAre(kPid));
    plan = Watch(policy).see_for(6min, snapshot().with(spinning()));
    EXPECT_EQ(plan.due.at(0).action, Action::throttle);
}

TEST(Steps, AtOnceAreTakenWhenTheRuleHolds) {
    const Policy policy = escalating({{Action::throttle, 0s}, {Action::terminate, 30min}});
    Plan plan = Watch(policy).see_for(30s, snapshot().with(spinning()));
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).action, Action::throttle);
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).next, terminate_in(30min + 30s));
    ASSERT_THAT(pids(plan.pending), ElementsAre(kPid));
    EXPECT_EQ(plan.pending[0].action, Action::throttle) << "what comes first";
    EXPECT_EQ(plan.pending[0].pending, 30s);
    plan = Watch(policy).see_for(60s, snapshot().with(spinning()));
    EXPECT_EQ(plan.due.at(0).action, Action::throttle);
    EXPECT_THAT(plan.pending, IsEmpty()) << "a server is planned once";
}

TEST(Steps, OneWordIsOneStepAtOnce) {
    Policy word = escalating({{Action::throttle, 0s}});
    word.rule(Rule::over_cpu).escalation.clear();
    const Policy list = escalating({{Action::throttle, 0s}});
    for (const seconds seen : std::initializer_list<seconds>{0s, 59s, 60s, 1h}) {
        const auto busy = snapshot().with(spinning());
        const Plan by_word = Watch(word).see_for(seen, busy);
        const Plan by_list = Watch(list).see_for(seen, busy);
        EXPECT_EQ(by_word.verdicts, by_list.verdicts);
        EXPECT_EQ(by_word.due, by_list.due);
        EXPECT_EQ(by_word.pending, by_list.pending);
    }
}

// ---- From when the time counts. ---------------------------------------------------------------------

TEST(StepTime, BeginsAnewWhenTheFindingWasGone) {
    Watch watch(escalating());
    watch.see(snapshot().with(spinning()));
    watch.see(snapshot().at(29min).with(spinning().cpu(1)));
    watch.see(snapshot().at(30min).with(spinning()));
    const Plan plan = watch.see(snapshot().at(31min).with(spinning()));
    EXPECT_THAT(plan.due, IsEmpty());
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).next, throttle_in(5min));
}

TEST(StepTime, IsMeasuredOnTheMonotonicClockOnly) {
    Watch watch(escalating());
    watch.see(snapshot().with(spinning()));
    scan::Snapshot resumed = snapshot().at(2min).with(spinning()).build();
    resumed.since_boot += 8h;
    resumed.taken_at += 24h;
    EXPECT_THAT(watch.see(resumed).due, IsEmpty());
}

TEST(StepTime, IsRoundedUp) {
    const Plan plan = Watch(escalating()).see_for(60'001ms, snapshot().with(spinning()));
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).next, throttle_in(300s));
}

TEST(StepTime, CountsFromWhenTheServerIsOutOfUseForSure) {
    Watch watch(escalating());
    watch.see(snapshot().with(server(kPid).cpu(99)));
    const Plan used = watch.see(snapshot().at(2h).with(server(kPid).cpu(99)));
    EXPECT_FALSE(finding_of(used, kPid, Rule::over_cpu).next);
    // Its client closes the channel: 30 s until that is believed, and every step from there.
    watch.see(snapshot().at(2h + 1s).with(spinning()));
    Plan plan = watch.see(snapshot().at(2h + 2s).with(spinning()));
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).pending, 29s);
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).next, throttle_in(5min + 29s));
    plan = watch.see(snapshot().at(2h + 31s + 5min).with(spinning()));
    EXPECT_EQ(plan.due.at(0).action, Action::throttle);
}

TEST(StepTime, OfSupersededCountsFromTheIdleSpan) {
    Policy policy = support::classic_limits();
    RuleSettings& rule = policy.rule(Rule::superseded);
    rule.idle = 10min;
    rule.action = Action::terminate;
    rule.escalation = {{Action::report, 0s}, {Action::terminate, 20min}};
    const auto both = snapshot().with(server(kPid).channel_none()).with(server(200).age(1min));
    Plan plan = Watch(policy).see_for(29min, both);
    EXPECT_EQ(finding_of(plan, kPid, Rule::superseded).pending, 0s);
    EXPECT_EQ(finding_of(plan, kPid, Rule::superseded).next, terminate_in(1min));
    EXPECT_THAT(pids(Watch(policy).see_for(30min, both).due), ElementsAre(kPid));
}

TEST(StepTime, OfARuleThatNeedsNoTimeCountsFromTheFirstLook) {
    Policy policy = support::classic_limits();
    RuleSettings& rule = policy.rule(Rule::over_age);
    rule.spare = Spare::nothing;
    rule.escalation = {{Action::report, 0s}, {Action::terminate, 10min}};
    const auto old = snapshot().with(server(kPid).age(3h));
    const Plan plan = Watch(policy).see(SnapshotBuilder(old));
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_age).next, terminate_in(10min));
    EXPECT_THAT(pids(Watch(policy).see_for(10min, old).due), ElementsAre(kPid));
}

// ---- Sparing, step by step. -------------------------------------------------------------------------

TEST(SparedSteps, AreNotAnnounced) {
    const auto used = snapshot().with(server(kPid).cpu(99));
    for (const seconds seen : std::initializer_list<seconds>{0s, 60s, 6min, 1h}) {
        const Plan plan = Watch(escalating()).see_for(seen, used);
        const Finding& finding = finding_of(plan, kPid, Rule::over_cpu);
        EXPECT_EQ(finding.action, Action::report);
        EXPECT_FALSE(finding.next);
        EXPECT_EQ(finding.spared, "in use: its channel is open");
        EXPECT_THAT(plan.due, IsEmpty());
        EXPECT_THAT(plan.pending, IsEmpty());
    }
}

TEST(SparedSteps, GoNoFurtherThanElse) {
    Policy policy = escalating();
    policy.rule(Rule::over_cpu).otherwise = Action::throttle;
    const auto used = snapshot().with(server(kPid).cpu(99));
    EXPECT_EQ(finding_of(Watch(policy).see_for(1min, used), kPid, Rule::over_cpu).next,
              throttle_in(5min));
    for (const seconds seen : std::initializer_list<seconds>{6min, 1h}) {
        const Plan plan = Watch(policy).see_for(seen, used);
        ASSERT_THAT(pids(plan.due), ElementsAre(kPid));
        EXPECT_EQ(plan.due[0].action, Action::throttle);
        EXPECT_TRUE(plan.due[0].weight_only);
        EXPECT_FALSE(finding_of(plan, kPid, Rule::over_cpu).next);
    }
}

TEST(SparedSteps, LeaveTheMilderStepBeforeThemInForce) {
    Policy policy = support::classic_limits();
    RuleSettings& rule = policy.rule(Rule::over_memory);
    rule.escalation = {{Action::throttle, 0s}, {Action::terminate, 10min}};
    const auto shared = snapshot().with(server(kPid).channel_none().memory_mib(812).memory_incomplete());
    for (const seconds seen : std::initializer_list<seconds>{1min, 1h}) {
        const Plan plan = Watch(policy).see_for(seen, shared);
        ASSERT_THAT(pids(plan.due), ElementsAre(kPid));
        EXPECT_EQ(plan.due[0].action, Action::throttle);
        EXPECT_FALSE(plan.due[0].weight_only) << "it is not in use";
        EXPECT_FALSE(finding_of(plan, kPid, Rule::over_memory).next);
        EXPECT_EQ(finding_of(plan, kPid, Rule::over_memory).spared,
                  "its own memory cannot be told from what it shares");
    }
}

TEST(SparedSteps, OfUnknownEvidenceEndAtTheCpuWeight) {
    Policy policy = escalating();
    policy.rule(Rule::over_cpu).spare = Spare::nothing;
    const auto unknown = snapshot().with(server(kPid).channel_unknown().cpu(99));
    const Plan plan = Watch(policy).see_for(1h, unknown);
    ASSERT_THAT(pids(plan.due), ElementsAre(kPid));
    EXPECT_EQ(plan.due[0].action, Action::throttle);
    EXPECT_TRUE(plan.due[0].weight_only);
}

TEST(SparedSteps, OfAProtectedServerAreNone) {
    const auto inside = snapshot().with(spinning().contains("claude (pid 7)"));
    const Plan plan = Watch(escalating()).see_for(1h, inside);
    EXPECT_THAT(plan.due, IsEmpty());
    EXPECT_THAT(plan.pending, IsEmpty());
}

// ---- Beside other rules. ----------------------------------------------------------------------------

TEST(Escalations, StandBackForWhatIsDueNow) {
    const auto orphan = snapshot().with(spinning().orphaned());
    const Plan plan = Watch(escalating()).see_for(1min, orphan);
    ASSERT_THAT(pids(plan.due), ElementsAre(kPid));
    EXPECT_THAT(plan.due[0].rules, ElementsAre(Rule::orphan));
    EXPECT_THAT(plan.pending, IsEmpty());
}

TEST(Escalations, OfSeveralRulesShowTheHarshestToComeWithItsTime) {
    Policy policy = escalating();
    policy.rule(Rule::over_memory).hold = 2min;
    const Plan plan = Watch(policy).see_for(1min, snapshot().with(spinning().memory_mib(812)));
    ASSERT_THAT(pids(plan.pending), ElementsAre(kPid));
    EXPECT_EQ(plan.pending[0].action, Action::terminate);
    EXPECT_THAT(plan.pending[0].rules, ElementsAre(Rule::over_memory));
    EXPECT_EQ(plan.pending[0].pending, 1min);
}

}  // namespace
}  // namespace reaper::policy
