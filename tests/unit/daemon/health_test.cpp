#include "daemon/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/snapshot_builder.h"

namespace reaper::daemon {
namespace {

using namespace std::chrono_literals;
using support::server;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Healthy : ::testing::Test {
    policy::Policy policy = policy::builtin_defaults();
    HealthJudge judge;
    HealthFacts facts;

    /// One orphan that is due, at this moment.
    Health with_orphan(std::chrono::seconds at) {
        const auto snapshot = support::snapshot().at(at).with(server(100).orphaned()).build();
        policy::Plan plan;
        policy::Verdict verdict;
        verdict.server = snapshot.servers.front().id;
        verdict.status = policy::Status::orphan;
        verdict.findings.emplace_back().rule = policy::Rule::orphan;
        verdict.findings.back().action = policy::Action::terminate;
        plan.verdicts.push_back(verdict);
        return judge.judge(snapshot, plan, policy, facts);
    }

    Health with_servers(unsigned count, policy::Status status = policy::Status::healthy) {
        auto builder = support::snapshot();
        policy::Plan plan;
        for (unsigned i = 0; i < count; ++i) builder.with(server(static_cast<pid_t>(100 + i)));
        const auto snapshot = builder.build();
        for (const auto& one : snapshot.servers) {
            policy::Verdict verdict;
            verdict.server = one.id;
            verdict.status = status;
            plan.verdicts.push_back(verdict);
        }
        return judge.judge(snapshot, plan, policy, facts);
    }
};

TEST_F(Healthy, IsAHostWithServersThatKeepTheirLimits) {
    EXPECT_TRUE(with_servers(500).healthy);
}

TEST_F(Healthy, AnOrphanHasTheTimeThatItTakesToEndIt) {
    EXPECT_TRUE(with_orphan(0s).healthy);
    EXPECT_TRUE(with_orphan(30s).healthy);
    const Health late = with_orphan(31s);
    EXPECT_FALSE(late.healthy);
    EXPECT_THAT(late.reasons, ElementsAre(HasSubstr("1 orphan is")));
}

TEST_F(Healthy, AnOrphanThatWentInBetweenBeginsAnew) {
    (void)with_orphan(0s);
    (void)with_servers(1);
    EXPECT_TRUE(with_orphan(60s).healthy);
}

TEST_F(Healthy, OrphansThatAreKeptOnPurposeAreNoIllness) {
    facts.observes_only = true;
    (void)with_orphan(0s);
    EXPECT_TRUE(with_orphan(600s).healthy);
}

TEST_F(Healthy, AServerOverItsLimitsIsIll) {
    EXPECT_THAT(with_servers(2, policy::Status::unhealthy).reasons,
                ElementsAre(HasSubstr("2 servers are over a limit")));
    EXPECT_TRUE(with_servers(2, policy::Status::degraded).healthy);
}

TEST_F(Healthy, TheClassicThresholdIsThePolicys) {
    policy.daemon.unhealthy_servers = 20;
    EXPECT_TRUE(with_servers(19).healthy);
    EXPECT_THAT(with_servers(20).reasons, ElementsAre(HasSubstr("20 servers run")));
}

TEST_F(Healthy, EveryOtherTroubleIsNamed) {
    facts = {.policy_refused = true, .late = true, .cannot_look = true, .cannot_act = true};
    EXPECT_THAT(with_servers(0).reasons, ElementsAre(HasSubstr("policy"), HasSubstr("looked at"),
                                                     HasSubstr("begun"), HasSubstr("late")));
}

}  // namespace
}  // namespace reaper::daemon
