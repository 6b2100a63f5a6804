#include "pass/holdings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reaper::pass {
namespace {

using enforce::UndoEntry;
using enforce::UndoState;
using policy::Rule;
using testing::ElementsAre;
using testing::IsEmpty;

const ProcessId kServer{4711, Ticks(10)};

UndoEntry held_for(std::vector<Rule> rules, enforce::Origin origin = enforce::Origin::rule) {
    UndoEntry entry;
    entry.server = kServer;
    entry.origin = origin;
    entry.rules = std::move(rules);
    entry.state = UndoState::held;
    entry.limits.cpu = CpuPercent{20};
    return entry;
}

policy::Plan plan_with(const std::vector<Rule>& rules,
                       policy::Action action = policy::Action::throttle) {
    policy::Verdict verdict;
    verdict.server = kServer;
    for (const Rule rule : rules) {
        verdict.findings.emplace_back().rule = rule;
        verdict.findings.back().action = action;
    }
    policy::Plan plan;
    plan.verdicts.push_back(verdict);
    return plan;
}

TEST(Cleared, IsWhatNoneOfItsRulesFindsAnyMore) {
    const UndoEntry entry = held_for({Rule::over_cpu, Rule::orphan});
    EXPECT_THAT(cleared({entry}, plan_with({}), Extent::host), ElementsAre(entry));
    EXPECT_THAT(cleared({entry}, plan_with({Rule::over_memory}), Extent::host), ElementsAre(entry));
    EXPECT_THAT(cleared({entry}, plan_with({Rule::orphan}), Extent::host), IsEmpty());
}

TEST(Cleared, LeavesWhatAPersonAskedForAndWhatIsNotSeen) {
    EXPECT_THAT(cleared({held_for({}, enforce::Origin::hand)}, plan_with({}), Extent::host), IsEmpty());
    EXPECT_THAT(cleared({held_for({Rule::over_cpu})}, policy::Plan{}, Extent::selection), IsEmpty());
}

TEST(Cleared, IsWhatThePolicyOnlyReportsNow) {
    const UndoEntry entry = held_for({Rule::over_cpu});
    EXPECT_THAT(cleared({entry}, plan_with({Rule::over_cpu}, policy::Action::report), Extent::host),
                ElementsAre(entry));
    UndoEntry frozen = entry;
    frozen.frozen = true;
    EXPECT_THAT(cleared({frozen}, plan_with({Rule::over_cpu}), Extent::host), ElementsAre(frozen));
}

TEST(Cleared, IsWhatIsNoServerByThisPolicyAnyMore) {
    const UndoEntry entry = held_for({Rule::over_cpu});
    EXPECT_THAT(cleared({entry}, policy::Plan{}, Extent::host), ElementsAre(entry));
}

TEST(Cleared, LeavesWhatSomebodyIsAtNow) {
    UndoEntry entry = held_for({Rule::over_cpu});
    entry.state = UndoState::begun;
    EXPECT_THAT(cleared({entry}, plan_with({}), Extent::host), IsEmpty());
}

std::vector<enforce::Order> order(enforce::Deed deed, double cpu = 20) {
    enforce::Order order;
    order.server.id = kServer;
    order.deed = deed;
    order.limits.cpu = CpuPercent{cpu};
    return {order};
}

TEST(DropHeld, DropsWhatIsCagedAsItShouldBe) {
    auto orders = order(enforce::Deed::throttle);
    drop_held(orders, {held_for({Rule::over_cpu})});
    EXPECT_THAT(orders, IsEmpty());
}

TEST(DropHeld, KeepsOtherLimitsAHarsherDeedAndTheEnd) {
    for (auto orders : {order(enforce::Deed::throttle, 30), order(enforce::Deed::freeze),
                        order(enforce::Deed::terminate)}) {
        drop_held(orders, {held_for({Rule::over_cpu})});
        EXPECT_EQ(orders.size(), 1U);
    }
}

}  // namespace
}  // namespace reaper::pass
