// The rule `unresponsive`: a server that listens, and does not answer what its type says it must.
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
using support::snapshot;
using support::verdict_of;
using support::Watch;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr pid_t kPid = 100;

support::ServerBuilder silent() {
    return server(kPid).no_client().channel_none().unresponsive();
}

Policy ending(Spare spare) {
    Policy policy = builtin_defaults();
    policy.rule(Rule::unresponsive).action = Action::terminate;
    policy.rule(Rule::unresponsive).spare = spare;
    return policy;
}

TEST(Unresponsive, IsAFindingWithItsProof) {
    const Plan plan = Watch(builtin_defaults()).see(snapshot().with(silent()));
    const Finding& finding = finding_of(plan, kPid, Rule::unresponsive);
    EXPECT_EQ(finding.why,
              "3 health requests in a row have failed: no answer within 5 s from port 8931");
    EXPECT_EQ(finding.action, Action::report);
    EXPECT_EQ(finding.pending, 0s);
    EXPECT_EQ(verdict_of(plan, kPid).status, Status::unhealthy);
}

TEST(Unresponsive, TellsOfOneRequestInTheSingular) {
    const Plan plan =
        Watch(builtin_defaults()).see(snapshot().with(server(kPid).channel_none().unresponsive(1)));
    EXPECT_EQ(finding_of(plan, kPid, Rule::unresponsive).why,
              "its health request has failed: no answer within 5 s from port 8931");
}

TEST(Unresponsive, IsNoneThatServesNobodyByItself) {
    for (auto one : {silent().standalone(false), silent().standalone_unknown()}) {
        const Plan plan = Watch(builtin_defaults()).see(snapshot().with(one));
        EXPECT_THAT(support::found(plan, Rule::unresponsive), IsEmpty());
    }
    EXPECT_THAT(support::found(Watch(builtin_defaults()).see(snapshot().with(silent().all_zombies())),
                               Rule::unresponsive),
                IsEmpty());
}

TEST(Unresponsive, IsInUseForAllThatIsKnown) {
    const Plan plan = Watch(ending(Spare::in_use)).see(snapshot().with(silent()));
    EXPECT_THAT(plan.due, IsEmpty());
    EXPECT_EQ(finding_of(plan, kPid, Rule::unresponsive).spared,
              "in use: listens on tcp 127.0.0.1:8931");
}

TEST(Unresponsive, IsEndedWhereThePolicySparesNothing) {
    EXPECT_THAT(pids(Watch(ending(Spare::nothing)).see(snapshot().with(silent())).due),
                ElementsAre(kPid));
    EXPECT_THAT(
        Watch(ending(Spare::nothing)).see(snapshot().with(silent().unit_main().unresponsive())).due,
        IsEmpty());
}

TEST(Unresponsive, MustStaySoForAsLongAsTheRuleSays) {
    Policy policy = ending(Spare::nothing);
    policy.rule(Rule::unresponsive).hold = 10s;
    Watch watch(policy);
    EXPECT_THAT(watch.see(snapshot().at(0s).with(silent())).due, IsEmpty());
    EXPECT_THAT(watch.see(snapshot().at(6s).with(server(kPid).standalone(true))).due, IsEmpty());
    EXPECT_THAT(watch.see(snapshot().at(12s).with(silent())).due, IsEmpty());
    EXPECT_THAT(pids(watch.see(snapshot().at(22s).with(silent())).due), ElementsAre(kPid));
}

TEST(Unresponsive, IsTakenAtThePlansWordWhileItListens) {
    const Policy policy = ending(Spare::nothing);
    const Plan plan = Watch(policy).see(snapshot().with(silent()));
    ASSERT_EQ(plan.due.size(), 1U);
    const auto against = [&](support::ServerBuilder now) {
        return contradiction(plan.due[0], now.build(), policy, {}, {0, true}).value_or("");
    };
    // Nobody asks it in between: the new look knows of no request.
    EXPECT_EQ(against(server(kPid).no_client().channel_none().standalone(true)), "");
    EXPECT_EQ(against(server(kPid).no_client().channel_none().standalone(false)),
              "it does not listen any more");
}

}  // namespace
}  // namespace reaper::policy
