// A plan was made, a moment has passed, and everything was read again.
#include "policy/confirm.h"

#include <gtest/gtest.h>

#include <functional>
#include <ostream>

#include "support/policies.h"
#include "support/snapshot_builder.h"

namespace reaper::policy {
namespace {

using namespace std::chrono_literals;
using support::classic_limits;
using support::server;
using support::ServerBuilder;

constexpr pid_t kPid = 100;
constexpr scan::Viewer kRoot{0, true};
const UserNames kUsers = {{support::kUser, "alice"}};

PlannedAction plan_of(Action action, std::vector<Rule> rules, bool weight_only = false) {
    PlannedAction planned;
    planned.server = support::id_of(kPid);
    planned.action = action;
    planned.rules = std::move(rules);
    planned.reasons.resize(planned.rules.size(), "as it was seen then");
    planned.weight_only = weight_only;
    return planned;
}

struct ConfirmCase {
    const char* name;
    PlannedAction planned;
    ServerBuilder now;
    const char* why;                                ///< nullptr: still right.
    std::function<void(Policy&)> change = nullptr;  ///< To the policy with the classic limits.
    scan::Viewer viewer = kRoot;
};

void PrintTo(const ConfirmCase& one, std::ostream* out) {
    *out << one.name;
}

class Confirm : public testing::TestWithParam<ConfirmCase> {};

TEST_P(Confirm, TellsWhetherItIsStillRight) {
    const ConfirmCase& one = GetParam();
    Policy policy = classic_limits();
    if (one.change) one.change(policy);
    const auto why = contradiction(one.planned, one.now.build(), policy, kUsers, one.viewer);
    ASSERT_EQ(why.has_value(), one.why != nullptr) << why.value_or("");
    if (why) {
        EXPECT_EQ(*why, one.why);
    }
}

const PlannedAction kEndOrphan = plan_of(Action::terminate, {Rule::orphan});
const PlannedAction kEndFat = plan_of(Action::terminate, {Rule::over_memory});
const PlannedAction kEndZombie = plan_of(Action::terminate, {Rule::zombie});
const PlannedAction kEndOld = plan_of(Action::terminate, {Rule::over_age});
const PlannedAction kQuota = plan_of(Action::throttle, {Rule::over_cpu});
const PlannedAction kWeight = plan_of(Action::throttle, {Rule::over_cpu}, true);

/// Not in use, and no orphan.
ServerBuilder unused() {
    return server(kPid).no_client().channel_none();
}

INSTANTIATE_TEST_SUITE_P(
    Orphan, Confirm,
    testing::Values(
        ConfirmCase{"IsStillOne", kEndOrphan, server(kPid).orphaned(), nullptr},
        ConfirmCase{"ClientIsBack", kEndOrphan, server(kPid), "its client is back: the channel is open"},
        ConfirmCase{"ClientIsBackForTheBluntRuleToo", kEndOrphan, server(kPid),
                    "its client is back: the channel is open",
                    [](Policy& p) { p.rule(Rule::orphan).spare = Spare::nothing; }},
        ConfirmCase{"ChannelUnknownNow", kEndOrphan, server(kPid).no_client().channel_unknown(),
                    "whether its channel is open cannot be told"},
        ConfirmCase{"BeganToListen", kEndOrphan, server(kPid).orphaned().standalone(true),
                    "it serves others now: listens on tcp 127.0.0.1:8931"},
        ConfirmCase{"MayListenNow", kEndOrphan, server(kPid).orphaned().standalone_unknown(),
                    "whether it listens cannot be told"},
        ConfirmCase{"ThrottleOfAnOrphanWhoseChannelIsUnknownNow",
                    plan_of(Action::throttle, {Rule::orphan}), server(kPid).channel_unknown(),
                    "whether its channel is open cannot be told"},
        ConfirmCase{"ChannelLostOtherwise", kEndOrphan, unused(), "its channel is not closed any more"},
        ConfirmCase{"ProtectedProcessInsideNow", kEndOrphan,
                    server(kPid).orphaned().contains("claude (pid 7)"),
                    "a process that is never ended is part of it: claude (pid 7)"},
        ConfirmCase{"AUnitsMainProcessNow", kEndOrphan, server(kPid).orphaned().unit_main(),
                    "systemd looks after it: main process of mcp.service"},
        ConfirmCase{"OnlySuspectedNow", kEndOrphan, server(kPid).orphaned().suspected(),
                    "only suspected to be an MCP server"},
        ConfirmCase{"OnlyZombiesLeft", kEndOrphan, server(kPid).orphaned().all_zombies(),
                    "only zombies are left of it: their parent must reap them"},
        ConfirmCase{"AnotherUsersProcessInsideNow",
                    kEndOrphan,
                    server(kPid).orphaned().user(1001),
                    "it belongs to another user (uid 1001)",
                    nullptr,
                    {support::kUser, false}}),
    support::name_of_case);

INSTANTIATE_TEST_SUITE_P(
    ThePolicy, Confirm,
    testing::Values(ConfirmCase{"ExemptsItsTypeNow", kEndOrphan, server(kPid).orphaned().type("git"),
                                "exempt by the policy (type git)",
                                [](Policy& p) { p.exempt.emplace_back().type = "git"; }},
                    ConfirmCase{"ProtectsItsTypeNow", kEndOrphan, server(kPid).orphaned().type("git"),
                                "protected by the policy (type git)",
                                [](Policy& p) { p.protect.emplace_back().type = "git"; }},
                    ConfirmCase{"ExemptsItFromAnotherRuleOnly", kEndOrphan, server(kPid).orphaned(),
                                nullptr,
                                [](Policy& p) {
                                    p.exempt.emplace_back().type = "filesystem";
                                    p.exempt[0].rules = {Rule::over_age};
                                }},
                    ConfirmCase{"OnlyObserves", kEndOrphan, server(kPid).orphaned(),
                                "the policy only observes", [](Policy& p) { p.mode = Mode::observe; }},
                    ConfirmCase{"HasTheRuleSwitchedOff", kEndOrphan, server(kPid).orphaned(),
                                "the policy does not ask for it any more",
                                [](Policy& p) { p.rule(Rule::orphan).enabled = false; }},
                    ConfirmCase{"AsksForLess", kEndOrphan, server(kPid).orphaned(),
                                "the policy does not ask for it any more",
                                [](Policy& p) { p.rule(Rule::orphan).action = Action::freeze; }},
                    ConfirmCase{"AsksForMore", plan_of(Action::throttle, {Rule::orphan}),
                                server(kPid).orphaned(), nullptr},
                    ConfirmCase{"AskedForNothing", plan_of(Action::terminate, {}),
                                server(kPid).orphaned(), "no rule asks for it"}),
    support::name_of_case);

INSTANTIATE_TEST_SUITE_P(
    ALimit, Confirm,
    testing::Values(
        ConfirmCase{"OfMemoryIsStillPassed", kEndFat, unused().memory_mib(501), nullptr},
        ConfirmCase{"OfMemoryIsKeptAgain", kEndFat, unused().memory_mib(500),
                    "its memory (500 MiB) is within the limit of 500 MiB"},
        ConfirmCase{"OfMemoryIsAnotherOneForItsTypeNow", kEndFat,
                    unused().memory_mib(812).type("playwright"),
                    "its memory (812 MiB) is within the limit of 2000 MiB",
                    [](Policy& p) {
                        p.servers.emplace_back().type = "playwright";
                        p.servers[0].limits.max_memory = Bytes::from_mib(2000);
                    }},
        ConfirmCase{"OfMemoryIsNoneForItsTypeNow", kEndFat, unused().memory_mib(812),
                    "no limit of its memory is in force for it now",
                    [](Policy& p) { p.limits.max_memory.reset(); }},
        ConfirmCase{"OfMemoryThatIsPartlyRss", kEndFat, unused().memory_mib(812).memory_incomplete(),
                    "its own memory cannot be told from what it shares"},
        ConfirmCase{"OfMemoryPassedInUse", kEndFat, server(kPid).memory_mib(812),
                    "in use: its channel is open"},
        ConfirmCase{"OfMemoryPassedInUseForTheBluntRule", kEndFat, server(kPid).memory_mib(812), nullptr,
                    [](Policy& p) { p.rule(Rule::over_memory).spare = Spare::nothing; }},
        ConfirmCase{"OfAgeIsStillPassed", kEndOld, unused().age(3h), nullptr},
        ConfirmCase{"OfAgeIsKept", kEndOld, unused().age(2h),
                    "its age (2 h) is within the limit of 2 h"},
        ConfirmCase{"OfCpuIsThePlansWord", kQuota, unused().cpu(0), nullptr},
        ConfirmCase{"OfCpuIsNoneNow", kQuota, unused(), "no limit of its CPU use is in force for it now",
                    [](Policy& p) { p.limits.max_cpu.reset(); }},
        ConfirmCase{"OfNumberIsThePlansWord", plan_of(Action::terminate, {Rule::duplicate}), unused(),
                    nullptr, [](Policy& p) { p.limits.max_instances_per_type = 1; }},
        ConfirmCase{"OfNumberIsNoneNow", plan_of(Action::terminate, {Rule::duplicate}), unused(),
                    "no limit of its number is in force for it now"}),
    support::name_of_case);

INSTANTIATE_TEST_SUITE_P(
    AThrottle, Confirm,
    testing::Values(ConfirmCase{"WithAQuotaIsRightForWhatIsNotInUse", kQuota, unused(), nullptr},
                    ConfirmCase{"WithAQuotaIsWrongForWhatIsInUseNow", kQuota, server(kPid),
                                "in use: its channel is open"},
                    ConfirmCase{"WithAQuotaIsWrongForWhatIsUnknownNow", kQuota,
                                server(kPid).channel_unknown(),
                                "whether its channel is open cannot be told",
                                [](Policy& p) { p.rule(Rule::over_cpu).spare = Spare::nothing; }},
                    ConfirmCase{"ByWeightIsRightForWhatIsInUse", kWeight, server(kPid), nullptr,
                                [](Policy& p) { p.rule(Rule::over_cpu).otherwise = Action::throttle; }},
                    ConfirmCase{"ByWeightOnlyWhereThePolicySaysElse", kWeight, server(kPid),
                                "in use: its channel is open"},
                    ConfirmCase{"WithAQuotaIsWrongWhereElseAllowsTheWeight", kQuota, server(kPid),
                                "in use: its channel is open",
                                [](Policy& p) { p.rule(Rule::over_cpu).otherwise = Action::throttle; }}),
    support::name_of_case);

INSTANTIATE_TEST_SUITE_P(
    AZombie, Confirm,
    testing::Values(
        ConfirmCase{"IsStillThere", kEndZombie, unused().npx().helper(105).zombie(105), nullptr},
        ConfirmCase{"HasBeenReaped", kEndZombie, unused().npx(), "its zombie has been reaped"},
        ConfirmCase{"HasLostItsParentInTheServer", kEndZombie, unused().npx().zombie(98),
                    "the zombie's parent is not part of the server and must reap it"}),
    support::name_of_case);

INSTANTIATE_TEST_SUITE_P(
    OfSeveralRules, Confirm,
    testing::Values(
        ConfirmCase{"OneIsEnough", plan_of(Action::terminate, {Rule::orphan, Rule::over_memory}),
                    unused().memory_mib(812), nullptr},
        ConfirmCase{"TheFirstTellsWhy", plan_of(Action::terminate, {Rule::orphan, Rule::over_memory}),
                    server(kPid), "its client is back: the channel is open"},
        ConfirmCase{"SupersededIsThePlansWord", plan_of(Action::terminate, {Rule::superseded}), unused(),
                    nullptr, [](Policy& p) { p.rule(Rule::superseded).action = Action::terminate; }}),
    support::name_of_case);

}  // namespace
}  // namespace reaper::policy
