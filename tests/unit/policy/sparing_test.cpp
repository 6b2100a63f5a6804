#include "policy/sparing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "support/policies.h"
#include "support/watch.h"

namespace reaper::policy {
namespace {

using namespace std::chrono_literals;
using support::blunt;
using support::classic_limits;
using support::finding_of;
using support::pids;
using support::server;
using support::ServerBuilder;
using support::snapshot;
using support::verdict_of;
using support::Watch;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr pid_t kPid = 100;

// ---- What is spared, and why. -----------------------------------------------------------------------

struct SpareCase {
    const char* name;
    ServerBuilder server;
    const char* reason;
    uid_t viewer = 0;
};

void PrintTo(const SpareCase& one, std::ostream* out) {
    *out << one.name;
}

/// Every finding of a server that breaks all the rules, every rule asking for the same action.
Plan judge_by(Policy policy, Action action, const SpareCase& one) {
    for (RuleSettings& rule : policy.rules) rule.action = action;
    ServerBuilder server(one.server);
    server.age(3h).memory_mib(812).cpu(99);
    return Watch(policy).see_for(2min, snapshot().seen_by(one.viewer).with(server));
}

class NeverActedUpon : public testing::TestWithParam<SpareCase> {};

TEST_P(NeverActedUpon, WhateverTheRuleSays) {
    for (const Action action : {Action::throttle, Action::freeze, Action::terminate}) {
        const Plan plan = judge_by(blunt(), action, GetParam());
        EXPECT_THAT(plan.due, IsEmpty());
        EXPECT_THAT(plan.pending, IsEmpty());
        const Verdict& verdict = verdict_of(plan, kPid);
        for (const Finding& finding : verdict.findings) {
            EXPECT_EQ(finding.action, Action::report);
            EXPECT_EQ(finding.spared, GetParam().reason);
        }
        EXPECT_EQ(verdict.findings.empty(), verdict.status == Status::suspected);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Table, NeverActedUpon,
    testing::Values(SpareCase{"ASuspectedServer", server(kPid).orphaned().suspected(), ""},
                    SpareCase{"ALeftOverThatIsNotProven", server(kPid).left_over(false), ""},
                    SpareCase{"OnlyZombies", server(kPid).orphaned().all_zombies(),
                              "only zombies are left of it: their parent must reap them"},
                    SpareCase{"OneWithAProtectedProcessInside",
                              server(kPid).orphaned().contains("tmux (pid 7)"),
                              "a process that is never ended is part of it: tmux (pid 7)"},
                    SpareCase{"AUnitsMainProcess", server(kPid).unit_main("mcp.service"),
                              "systemd looks after it: main process of mcp.service"},
                    SpareCase{"AContainer", server(kPid).orphaned().in_container(),
                              "it runs in a container, which outlives what is seen of it here"},
                    SpareCase{"AnotherUsersServer", server(kPid).orphaned().user(1001),
                              "it belongs to another user (uid 1001)", 1000}),
    support::name_of_case);

class UnknownEvidence : public testing::TestWithParam<SpareCase> {};

TEST_P(UnknownEvidence, MeansKeepEvenForTheBluntRule) {
    for (const Action action : {Action::freeze, Action::terminate}) {
        const Plan plan = judge_by(blunt(), action, GetParam());
        EXPECT_THAT(plan.due, IsEmpty());
        EXPECT_THAT(plan.pending, IsEmpty());
        for (const Finding& finding : verdict_of(plan, kPid).findings) {
            EXPECT_EQ(finding.spared, GetParam().reason);
        }
    }
}

TEST_P(UnknownEvidence, DoesNotKeepTheBluntRuleFromLoweringTheCpuWeight) {
    const Plan plan = judge_by(blunt(), Action::throttle, GetParam());
    ASSERT_THAT(pids(plan.due), ElementsAre(kPid));
    EXPECT_TRUE(plan.due.at(0).weight_only);
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).spared, GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Table, UnknownEvidence,
    testing::Values(SpareCase{"OfTheChannel", server(kPid).no_client().channel_unknown(),
                              "whether its channel is open cannot be told"},
                    SpareCase{"OfItsSockets", server(kPid).orphaned().standalone_unknown(),
                              "whether it listens cannot be told"}),
    support::name_of_case);

class InUse : public testing::TestWithParam<SpareCase> {};

TEST_P(InUse, IsOnlyReported) {
    for (const Action action : {Action::throttle, Action::freeze, Action::terminate}) {
        const Plan plan = judge_by(classic_limits(), action, GetParam());
        EXPECT_THAT(plan.due, IsEmpty());
        EXPECT_THAT(plan.pending, IsEmpty());
        ASSERT_FALSE(verdict_of(plan, kPid).findings.empty());
        for (const Finding& finding : verdict_of(plan, kPid).findings) {
            EXPECT_EQ(finding.action, Action::report);
            EXPECT_EQ(finding.spared, GetParam().reason);
        }
    }
}

TEST_P(InUse, IsAtMostThrottledWhereThePolicySaysElse) {
    Policy policy = classic_limits();
    for (RuleSettings& rule : policy.rules) rule.otherwise = Action::throttle;
    const Plan plan = judge_by(policy, Action::terminate, GetParam());
    ASSERT_THAT(pids(plan.due), ElementsAre(kPid));
    EXPECT_EQ(plan.due.at(0).action, Action::throttle);
    EXPECT_TRUE(plan.due.at(0).weight_only);
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_cpu).spared, GetParam().reason);

    for (RuleSettings& rule : policy.rules) rule.otherwise = Action::terminate;  // No loader lets it by.
    EXPECT_EQ(judge_by(policy, Action::terminate, GetParam()).due.at(0).action, Action::throttle);
}

INSTANTIATE_TEST_SUITE_P(
    Table, InUse,
    testing::Values(SpareCase{"ByItsChannel", server(kPid), "in use: its channel is open"},
                    SpareCase{"ByListening", server(kPid).channel_none().standalone(true),
                              "in use: listens on tcp 127.0.0.1:8931"},
                    SpareCase{"ByAPersonAtTheTerminal", server(kPid).no_client().at_terminal(),
                              "may be in use: its stdin is a terminal"},
                    SpareCase{"UntilTheChannelIsKnown", server(kPid).channel_unknown(),
                              "may be in use: whether its channel is open cannot be told"},
                    SpareCase{"UntilItsSocketsAreKnown", server(kPid).orphaned().standalone_unknown(),
                              "may be in use: whether it listens cannot be told"}),
    support::name_of_case);

TEST(InUse, ATerminalThatIsGoneIsNobody) {
    const SpareCase gone{"", server(kPid).no_client().at_terminal(true), ""};
    EXPECT_THAT(pids(judge_by(classic_limits(), Action::terminate, gone).due), ElementsAre(kPid));
}

TEST(Throttle, SetsAQuotaWhereThatHarmsNobody) {
    Policy policy = classic_limits();
    const auto busy = snapshot().with(server(kPid).channel_none().cpu(99));
    EXPECT_FALSE(Watch(policy).see_for(2min, busy).due.at(0).weight_only);

    // And where one of the rules that ask for it spares nothing.
    policy.rule(Rule::over_cpu).spare = Spare::nothing;
    policy.rule(Rule::over_age).action = Action::throttle;
    policy.rule(Rule::over_age).otherwise = Action::throttle;
    const auto used = snapshot().with(server(kPid).cpu(99).age(3h));
    const Plan plan = Watch(policy).see_for(2min, used);
    EXPECT_THAT(plan.due.at(0).rules, ElementsAre(Rule::over_age, Rule::over_cpu));
    EXPECT_FALSE(plan.due.at(0).weight_only);
    EXPECT_TRUE(finding_of(plan, kPid, Rule::over_age).weight_only);
    EXPECT_FALSE(finding_of(plan, kPid, Rule::over_cpu).weight_only);
}

TEST(InUse, DoesNotStopTheBluntRule) {
    const Plan plan = judge_by(blunt(), Action::terminate, {"", server(kPid), ""});
    ASSERT_THAT(pids(plan.due), ElementsAre(kPid));
    EXPECT_THAT(plan.due.at(0).rules, ElementsAre(Rule::over_age, Rule::over_cpu, Rule::over_memory));
}

TEST(Suspected, IsKeptEvenIfARuleWereToFindIt) {
    const Policy policy = blunt();
    const UserNames users;
    const Sparing sparing(policy, users, {});
    for (const Rule rule : kRules) {
        const Decision decision = sparing.decide(
            rule, Action::terminate, server(kPid).orphaned().suspected().build(), Spare::in_use);
        EXPECT_EQ(decision.action, Action::report);
        EXPECT_EQ(decision.spared, "only suspected to be an MCP server");
    }
}

TEST(Zombie, EndsTheServerWhoseProcessDoesNotReapIt) {
    const auto leaked = server(kPid).channel_none().npx().helper(105).zombie(105);
    const Plan plan = Watch(builtin_defaults()).see_for(30s, snapshot().with(leaked));
    EXPECT_THAT(pids(plan.due), ElementsAre(kPid));
}

TEST(Zombie, IsReportedWhereItsParentIsNotPartOfTheServer) {
    const auto leaked = server(kPid).channel_none().npx().zombie(98);
    const Plan plan = Watch(builtin_defaults()).see_for(30s, snapshot().with(leaked));
    EXPECT_THAT(plan.due, IsEmpty());
    EXPECT_EQ(finding_of(plan, kPid, Rule::zombie).spared,
              "the zombie's parent is not part of the server and must reap it");
}

TEST(OverMemory, IsOnlyReportedWhereRssStandsInForMemory) {
    const auto shared = server(kPid).channel_none().memory_mib(812).memory_incomplete();
    const Plan plan = Watch(classic_limits()).see_for(1min, snapshot().with(shared));
    EXPECT_THAT(plan.due, IsEmpty());
    EXPECT_EQ(finding_of(plan, kPid, Rule::over_memory).spared,
              "its own memory cannot be told from what it shares");
}

TEST(Observe, PlansNothingAndSaysWhatIsSpared) {
    Policy policy = blunt();
    policy.mode = Mode::observe;
    const Plan plan = judge_by(policy, Action::terminate, {"", server(kPid).orphaned(), ""});
    EXPECT_THAT(plan.due, IsEmpty());
    EXPECT_THAT(plan.pending, IsEmpty());
    EXPECT_EQ(finding_of(plan, kPid, Rule::orphan).spared, "the policy only observes");
}

// ---- Exemptions. ------------------------------------------------------------------------------------

struct ExemptionCase {
    const char* name;
    std::function<void(Exemption&)> entry;
    bool fits;
};

void PrintTo(const ExemptionCase& one, std::ostream* out) {
    *out << one.name;
}

class Exempt : public testing::TestWithParam<ExemptionCase> {};

/// A server of alice (1000) whose client is alive but has closed the channel.
Plan judge_with(Policy policy) {
    const auto leaked = server(kPid).closed().type("fetch").program("@acme/Fetch-MCP");
    return Watch(policy).see_for(1min, snapshot().with(leaked));
}

TEST_P(Exempt, FitsOrDoesNot) {
    Exemption entry;
    GetParam().entry(entry);
    Policy policy = builtin_defaults();
    policy.exempt = {entry};
    EXPECT_EQ(judge_with(policy).due.empty(), GetParam().fits);
    policy.exempt.clear();
    policy.protect = {entry};
    EXPECT_EQ(judge_with(policy).due.empty(), GetParam().fits);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Exempt,
    testing::Values(
        ExemptionCase{"ByType", [](Exemption& e) { e.type = "fetch"; }, true},
        ExemptionCase{"NotByAnotherType", [](Exemption& e) { e.type = "fetc"; }, false},
        ExemptionCase{"ByClient", [](Exemption& e) { e.client = "claude"; }, true},
        ExemptionCase{"NotByAnotherClient", [](Exemption& e) { e.client = "codex"; }, false},
        ExemptionCase{"ByUser", [](Exemption& e) { e.user = "alice"; }, true},
        ExemptionCase{"ByUsersNumber", [](Exemption& e) { e.user = "1000"; }, true},
        ExemptionCase{"NotByAnotherUser", [](Exemption& e) { e.user = "bob"; }, false},
        ExemptionCase{"NotByAnotherNumber", [](Exemption& e) { e.user = "100"; }, false},
        ExemptionCase{"ByCgroup", [](Exemption& e) { e.cgroup = "session-1.scope$"; }, true},
        ExemptionCase{"NotByAnotherCgroup", [](Exemption& e) { e.cgroup = "^session"; }, false},
        ExemptionCase{"ByProgramWithoutRegardToCase", [](Exemption& e) { e.program = "acme/fetch"; },
                      true},
        ExemptionCase{"NotByAnotherProgram", [](Exemption& e) { e.program = "^fetch"; }, false},
        ExemptionCase{"OnlyWhereAllFits",
                      [](Exemption& e) {
                          e.type = "fetch";
                          e.user = "bob";
                      },
                      false},
        ExemptionCase{"WhereThePatternCannotBeCompiled", [](Exemption& e) { e.program = "("; }, true}),
    support::name_of_case);

TEST(Exempt, ShowsTheFindingAndSaysWhichEntrySparedIt) {
    Policy policy = builtin_defaults();
    policy.exempt.resize(1);
    policy.exempt[0].type = "fetch";
    policy.exempt[0].user = "alice";
    EXPECT_EQ(finding_of(judge_with(policy), kPid, Rule::orphan).spared,
              "exempt by the policy (type fetch, user alice)");
    policy.protect = policy.exempt;
    EXPECT_EQ(finding_of(judge_with(policy), kPid, Rule::orphan).spared,
              "protected by the policy (type fetch, user alice)");
}

TEST(Exempt, MayBeForOneRuleOnly) {
    Policy policy = blunt();
    policy.rule(Rule::over_age).action = Action::terminate;
    policy.exempt.resize(1);
    policy.exempt[0].rules = {Rule::over_age};
    const auto old = snapshot().with(server(kPid).age(3h).memory_mib(812));
    const Plan plan = Watch(policy).see_for(1min, old);
    ASSERT_THAT(pids(plan.due), ElementsAre(kPid));
    EXPECT_THAT(plan.due.at(0).rules, ElementsAre(Rule::over_memory));
}

TEST(Exempt, AUsersNameThatCannotBeLookedUpFits) {
    Policy policy = builtin_defaults();
    policy.protect.resize(1);
    policy.protect[0].user = "bob";
    Watch watch(policy, {});
    EXPECT_THAT(watch.see_for(1min, snapshot().with(server(kPid).orphaned())).due, IsEmpty());
}

}  // namespace
}  // namespace reaper::policy
