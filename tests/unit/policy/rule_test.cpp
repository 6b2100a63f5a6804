#include "policy/rule.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "policy/policy.h"

namespace reaper::policy {
namespace {

using std::chrono::seconds;

TEST(Rule, EveryNameCanBeReadBack) {
    for (const Rule rule : kRules) EXPECT_EQ(rule_from(to_string(rule)), rule);
    for (const Action action : kActions) EXPECT_EQ(action_from(to_string(action)), action);
    for (const Spare spare : {Spare::in_use, Spare::nothing}) {
        EXPECT_EQ(spare_from(to_string(spare)), spare);
    }
    for (const Scope scope : {Scope::host, Scope::user, Scope::client}) {
        EXPECT_EQ(scope_from(to_string(scope)), scope);
    }
}

TEST(Rule, NoTwoStatusesHaveOneName) {
    std::set<std::string_view> names;
    for (const Status status : kStatuses) names.insert(to_string(status));
    EXPECT_EQ(names.size(), kStatuses.size());
    EXPECT_FALSE(names.contains(""));
}

TEST(Rule, ReadsNothingElse) {
    EXPECT_EQ(rule_from("Orphan"), std::nullopt);
    EXPECT_EQ(rule_from(""), std::nullopt);
    EXPECT_EQ(action_from("kill"), std::nullopt);
    EXPECT_EQ(spare_from("in use"), std::nullopt);
    EXPECT_EQ(scope_from("type"), std::nullopt);
}

TEST(Rule, ActionsAreOrderedByHarshness) {
    EXPECT_LT(Action::report, Action::throttle);
    EXPECT_LT(Action::throttle, Action::freeze);
    EXPECT_LT(Action::freeze, Action::terminate);
}

TEST(Defaults, LimitNothingAndNameNoType) {
    const Policy policy = builtin_defaults();
    EXPECT_TRUE(policy.servers.empty());
    const Limits limits = policy.limits_for("playwright");
    EXPECT_FALSE(limits.max_instances_per_type || limits.max_age);
    EXPECT_FALSE(limits.max_cpu || limits.warning_cpu);
    EXPECT_FALSE(limits.max_memory || limits.warning_memory);
}

TEST(Defaults, SpareWhatIsInUseAndThenOnlyReport) {
    const Policy policy = builtin_defaults();
    EXPECT_EQ(policy.mode, Mode::enforce);
    for (const RuleSettings& rule : policy.rules) {
        EXPECT_TRUE(rule.enabled);
        EXPECT_EQ(rule.spare, Spare::in_use);
        EXPECT_EQ(rule.otherwise, Action::report);
    }
}

TEST(Defaults, AreTheDocumentedRules) {
    const Policy policy = builtin_defaults();
    EXPECT_EQ(policy.rule(Rule::orphan).action, Action::terminate);
    EXPECT_EQ(policy.rule(Rule::orphan).hold, seconds(30));
    EXPECT_EQ(policy.rule(Rule::zombie).action, Action::terminate);
    EXPECT_EQ(policy.rule(Rule::zombie).hold, seconds(10));
    EXPECT_EQ(policy.rule(Rule::duplicate).action, Action::terminate);
    EXPECT_EQ(policy.rule(Rule::duplicate).per, Scope::client);
    EXPECT_EQ(policy.rule(Rule::superseded).action, Action::report);
    EXPECT_EQ(policy.rule(Rule::superseded).idle, seconds(1800));
    EXPECT_EQ(policy.rule(Rule::over_age).action, Action::terminate);
    EXPECT_EQ(policy.rule(Rule::over_cpu).action, Action::throttle);
    EXPECT_EQ(policy.rule(Rule::over_cpu).hold, seconds(60));
    EXPECT_EQ(policy.rule(Rule::over_memory).action, Action::terminate);
    EXPECT_EQ(policy.rule(Rule::over_memory).hold, seconds(30));
    EXPECT_EQ(policy.rule(Rule::unresponsive).action, Action::report);
    EXPECT_EQ(policy.rule(Rule::unresponsive).hold, seconds(0));
}

TEST(Limits, ATypesOwnValueWinsAndTheRestIsThePolicys) {
    Policy policy;
    policy.limits.max_cpu = CpuPercent{80};
    policy.limits.max_memory = Bytes::from_mib(500);
    ServerType playwright;
    playwright.type = "playwright";
    playwright.limits.max_memory = Bytes::from_mib(1500);
    policy.servers = {playwright};

    EXPECT_EQ(policy.limits_for("playwright").max_memory, Bytes::from_mib(1500));
    EXPECT_EQ(policy.limits_for("playwright").max_cpu, CpuPercent{80});
    EXPECT_EQ(policy.limits_for("fetch").max_memory, Bytes::from_mib(500));
    EXPECT_FALSE(policy.limits_for("playwright").max_age);
}

TEST(Limits, OfATypeNamedTwiceTheFirstToSetAValueWins) {
    Policy policy;
    ServerType first;
    first.type = "fetch";
    first.limits.max_cpu = CpuPercent{50};
    ServerType second = first;
    second.limits.max_cpu = CpuPercent{90};
    second.limits.max_age = seconds(60);
    policy.servers = {first, second};

    EXPECT_EQ(policy.limits_for("fetch").max_cpu, CpuPercent{50});
    EXPECT_EQ(policy.limits_for("fetch").max_age, seconds(60));
}

}  // namespace
}  // namespace reaper::policy
