// What an Enforcer refuses, records and undoes, on a model host.
#include "enforce/enforcer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "support/child.h"
#include "support/policies.h"
#include "unit/enforce/model_scenario.h"

namespace reaper::enforce {
namespace {

using namespace std::chrono_literals;
using test::ignoring;
using test::ModelProcess;
using test::Scenario;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Refused {
    std::string name;
    std::function<void(scan::Server&)> make;
    std::string why;
    std::string remedy;
};

void PrintTo(const Refused& one, std::ostream* out) {
    *out << one.name;
}

class ByHand : public ::testing::TestWithParam<Refused> {};

TEST_P(ByHand, IsRefusedWithTheRuleAndWhatWouldHelp) {
    Scenario scenario;
    policy::Exemption ours;
    ours.type = "ours";
    scenario.policy.protect.push_back(ours);
    const int server = scenario.server({ModelProcess{}});
    Order order = scenario.order(server);
    order.origin = Origin::hand;
    scenario.host.servers[0].at_second_look = GetParam().make;
    scenario.host.viewer_uid = support::kUser;
    const auto outcomes = scenario.carry_out({order});
    EXPECT_EQ(outcomes[0].effect, Effect::refused);
    EXPECT_THAT(outcomes[0].why, HasSubstr(GetParam().why));
    EXPECT_THAT(outcomes[0].remedy, HasSubstr(GetParam().remedy));
    EXPECT_TRUE(scenario.host.log.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Rules, ByHand,
    ::testing::Values(
        Refused{"InUse", [](auto& s) { s.channel = scan::Channel::open; }, "its client is connected",
                "--even-in-use"},
        Refused{"Protected", [](auto& s) { s.contains_protected = "claude (pid 7)"; }, "claude (pid 7)",
                "end or move"},
        Refused{"ByPolicy", [](auto& s) { s.type = "ours"; }, "the policy protects it", "protect:"},
        Refused{"Container", [](auto& s) { s.launcher_kind = classify::LauncherKind::container; },
                "container", "docker stop"},
        Refused{"Unit", [](auto& s) { s.unit_main = true; }, "systemd", "systemctl"},
        Refused{"Suspected", [](auto& s) { s.type_source = classify::TypeSource::structure; },
                "suspected", "servers:"},
        Refused{"OtherUser", [](auto& s) { s.uid = 7; }, "another user", "run as root"},
        Refused{"Unknown", [](auto& s) { s.channel = scan::Channel::unknown; }, "cannot be told",
                "run as root"}),
    support::name_of_case);

TEST(Enforcer, EndsByHandWhatIsInUseWhereThatWasSaid) {
    Scenario scenario;
    const int server = scenario.server({ModelProcess{}});
    Order order = scenario.order(server);
    order.origin = Origin::hand;
    order.even_in_use = true;
    scenario.host.servers[0].at_second_look = [](auto& now) { now.channel = scan::Channel::open; };
    EXPECT_EQ(scenario.carry_out({order})[0].effect, Effect::ended);
}

TEST(Enforcer, CancelsWhenTheClientIsBackAtTheSecondLook) {
    Scenario scenario;
    const int server = scenario.server({ModelProcess{}});
    scenario.host.servers[0].at_second_look = [](auto& now) { now.channel = scan::Channel::open; };
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::cancelled);
    EXPECT_THAT(outcomes[0].why, HasSubstr("client is back"));
    EXPECT_TRUE(scenario.host.log.empty());
    EXPECT_TRUE(scenario.recorder.notes.empty());
}

TEST(Enforcer, LooksAgainWhereTheLookHasGrownOld) {
    Scenario scenario;
    const int slow = scenario.server({ModelProcess{}});
    const int second = scenario.server({ModelProcess{}});
    const std::vector orders = {scenario.order(slow), scenario.order(second)};
    scenario.host.put_takes = 2s;  // A systemd that is busy.
    scenario.host.servers[1].at_second_look = [&](auto& now) {
        if (scenario.host.clock > support::kStart) now.channel = scan::Channel::open;
    };
    const auto outcomes = scenario.carry_out(orders);
    EXPECT_EQ(outcomes[0].effect, Effect::ended);
    EXPECT_EQ(outcomes[1].effect, Effect::cancelled);
}

struct Stall {
    std::string name;
    std::chrono::milliseconds intend, put, list;
};

void PrintTo(const Stall& one, std::ostream* out) {
    *out << one.name;
}

/// Between the look that decides and the deed.
class WhereItStalls : public ::testing::TestWithParam<Stall> {
  protected:
    WhereItStalls() {
        scenario.recorder.intend_takes = GetParam().intend;
        scenario.host.put_takes = GetParam().put;
        scenario.host.processes_takes = GetParam().list;
    }
    Outcome outcome() {
        const Order order = scenario.order(scenario.server({ModelProcess{}}));
        scenario.host.servers[0].at_second_look = [this](auto& now) {
            if (scenario.host.clock > support::kStart) at_third_look(now);
        };
        return scenario.carry_out({order})[0];
    }

    Scenario scenario;
    std::function<void(scan::Server&)> at_third_look = [](scan::Server&) {};
};

TEST_P(WhereItStalls, LooksOnceMoreAndLeavesAloneWhoseClientIsBack) {
    at_third_look = [](scan::Server& now) { now.channel = scan::Channel::open; };
    const Outcome made = outcome();
    EXPECT_EQ(made.effect, Effect::cancelled);
    EXPECT_THAT(made.why, HasSubstr("client is back"));
    EXPECT_THAT(scenario.signals(), IsEmpty());
    EXPECT_THAT(scenario.recorder.notes.at(0).conclusions, ElementsAre(Effect::cancelled));
}

TEST_P(WhereItStalls, DoesNothingForSomebodyWhoWantsItToStop) {
    at_third_look = [this](scan::Server&) { ADD_FAILURE() << "there was no need to look"; };
    scenario.recorder.on_intend = [this] { scenario.host.stop = true; };
    EXPECT_EQ(outcome().effect, Effect::cancelled);
    EXPECT_THAT(scenario.signals(), IsEmpty());
}

TEST_P(WhereItStalls, DoesItWhereNothingHasChanged) {
    EXPECT_EQ(outcome().effect, Effect::ended);
}

TEST_P(WhereItStalls, EndsNoOtherServerThatRunsBelowItNow) {
    ProcessId below;
    at_third_look = [&](scan::Server&) {
        if (below.pid != 0) return;
        const int other = scenario.server({ModelProcess{}});
        below = scenario.main_of(other);
        scenario.host.living(below)->parent = scenario.main_of(0).pid;
    };
    scenario.host.servers.reserve(2);
    const Outcome made = outcome();
    ASSERT_NE(below.pid, 0);
    EXPECT_NE(scenario.host.living(below), nullptr) << to_string(made.effect) << ' ' << made.why;
}

INSTANTIATE_TEST_SUITE_P(All, WhereItStalls,
                         ::testing::Values(Stall{"WritingItDown", 2s, 0s, 0s},
                                           Stall{"CagingIt", 0s, 2s, 0s},
                                           Stall{"ListingTheCage", 0s, 0s, 2s},
                                           Stall{"All", 2s, 2s, 2s}),
                         support::name_of_case);

TEST(Enforcer, DoesNotChargeWhatItCallsOff) {
    Scenario scenario;
    policy::BudgetSettings one_a_minute;
    one_a_minute.kills_per_minute = 1;
    scenario.budget = Budget(one_a_minute);
    scenario.recorder.intend_takes = 2s;
    const std::vector orders = {scenario.order(scenario.server({ModelProcess{}})),
                                scenario.order(scenario.server({ModelProcess{}}))};
    scenario.host.servers[0].at_second_look = [&](auto& now) {
        if (scenario.host.clock > support::kStart) now.channel = scan::Channel::open;
    };
    const auto outcomes = scenario.carry_out(orders);
    EXPECT_EQ(outcomes[0].effect, Effect::cancelled);
    EXPECT_EQ(outcomes[1].effect, Effect::ended);
}

TEST(Enforcer, BeginsNothingNewWhenToldToStopAndFinishesWhatItHasBegun) {
    Scenario scenario;
    std::vector<Order> orders;
    for (int i = 0; i < 3; ++i) orders.push_back(scenario.order(scenario.server({ignoring()})));
    scenario.policy.terminate.grace = 1s;
    scenario.host.on_signal = [&] { scenario.host.stop = true; };
    const auto outcomes = scenario.carry_out(orders);
    EXPECT_EQ(outcomes[0].effect, Effect::killed);
    EXPECT_EQ(outcomes[1].effect, Effect::cancelled);
    EXPECT_EQ(outcomes[2].effect, Effect::cancelled);
}

TEST(Enforcer, WhatCannotBeRecordedIsDoneAllTheSameAndSaidOnce) {
    Scenario scenario;
    const std::vector orders = {scenario.order(scenario.server({ModelProcess{}})),
                                scenario.order(scenario.server({ModelProcess{}}))};
    scenario.recorder.broken = true;
    Means means{.host = scenario.host,
                .recorder = scenario.recorder,
                .budget = scenario.budget,
                .store_budget = [](const BudgetState&) -> Result<void> {
                    return fail("write", "the budget", "no space");
                },
                .journal = nullptr,
                .no_journal = "there is none",
                .self = {},
                .wall_time = nullptr};
    Enforcer enforcer(means, scenario.policy, scenario.users);
    for (const Outcome& outcome : enforcer.carry_out(orders)) EXPECT_EQ(outcome.effect, Effect::ended);
    EXPECT_THAT(enforcer.remarks(), ElementsAre(HasSubstr("no space"), "the disk is full"));
}

TEST(Enforcer, WithoutAJournalNothingIsHeldThatMustBeReleased) {
    for (const Deed deed : {Deed::throttle, Deed::freeze}) {
        Scenario scenario;
        const int server = scenario.server({ModelProcess{}});
        const auto outcomes = scenario.carry_out({scenario.order(server, deed)});
        EXPECT_EQ(outcomes[0].effect, Effect::refused);
        EXPECT_THAT(outcomes[0].why, HasSubstr("there is none"));
        EXPECT_TRUE(scenario.host.log.empty());
        EXPECT_EQ(scenario.carry_out({scenario.order(server)})[0].effect, Effect::ended);
    }
}

class WithJournal : public ::testing::Test {
  protected:
    WithJournal() : journal_(*UndoJournal::open(directory_.path())) {
        scenario_.journal = &journal_;
        server_ = scenario_.server({ModelProcess{}});
        cage_ = cage_name(scenario_.order(server_).server);
    }
    [[nodiscard]] std::size_t entries() const { return journal_.read().value().entries.size(); }

    /// As a run that was ended in the middle has left it.
    void leave(UndoState state, ProcessId holder, bool frozen = true) {
        UndoEntry entry;
        entry.cage = cage_;
        entry.server = scenario_.main_of(server_);
        entry.type = "filesystem";
        entry.frozen = frozen;
        entry.holder = holder;
        entry.state = state;
        ASSERT_TRUE(journal_.put(entry));
        scenario_.host.cages_there[cage_].frozen = true;
        scenario_.host.all[0].cage = cage_;
    }

    test::TemporaryDirectory directory_;
    UndoJournal journal_;
    Scenario scenario_;
    int server_ = 0;
    std::string cage_;
};

constexpr ProcessId kDead{4711, Ticks(1)};

TEST_F(WithJournal, ThrottlesAndReleases) {
    EXPECT_EQ(scenario_.carry_out({scenario_.order(server_, Deed::throttle)})[0].effect,
              Effect::throttled);
    EXPECT_EQ(scenario_.host.cages_there.at(cage_).limits.cpu, CpuPercent{20});
    const auto contents = journal_.read().value();
    ASSERT_EQ(contents.entries.size(), 1U);
    EXPECT_EQ(contents.entries[0].state, UndoState::held);
    EXPECT_EQ(scenario_.enforcer().release(contents.entries[0], Origin::hand).effect, Effect::released);
    EXPECT_TRUE(scenario_.host.cages_there.at(cage_).limits.none());
    EXPECT_EQ(entries(), 0U);
    EXPECT_EQ(scenario_.recorder.notes.back().order.deed, Deed::release);
    EXPECT_THAT(scenario_.recorder.notes.back().conclusions, ElementsAre(Effect::released));
}

TEST_F(WithJournal, ThrottlesAndReleasesWhereThereIsNoFreezer) {
    scenario_.host.can.freeze = false;
    scenario_.host.freezer_calls_fail = true;
    EXPECT_EQ(scenario_.carry_out({scenario_.order(server_, Deed::throttle)})[0].effect,
              Effect::throttled);
    const auto contents = journal_.read().value();
    EXPECT_EQ(scenario_.enforcer().release(contents.entries.at(0), Origin::hand).effect,
              Effect::released);
    EXPECT_EQ(scenario_.carry_out({scenario_.order(server_, Deed::freeze)})[0].effect, Effect::refused);
}

TEST_F(WithJournal, NothingIsHeldWhoseClientCameBackMeanwhile) {
    scenario_.host.servers[0].at_second_look = [&](auto& now) {
        if (scenario_.host.clock > support::kStart) now.channel = scan::Channel::open;
    };
    scenario_.host.on_limit = [] { ADD_FAILURE() << "it was limited"; };
    for (auto* const stall : {&scenario_.recorder.intend_takes, &scenario_.host.put_takes}) {
        for (const Deed deed : {Deed::freeze, Deed::throttle}) {
            scenario_.host.clock = support::kStart;
            *stall = 2s;
            EXPECT_EQ(scenario_.carry_out({scenario_.order(server_, deed)})[0].effect,
                      Effect::cancelled);
            EXPECT_FALSE(scenario_.host.cages_there[cage_].frozen);
            EXPECT_EQ(entries(), 0U);
        }
        *stall = 0s;
    }
}

TEST_F(WithJournal, WhatEndsWhileItIsWrittenDownIsGone) {
    for (const Deed deed : {Deed::freeze, Deed::throttle, Deed::terminate}) {
        Scenario scenario;
        scenario.journal = &journal_;
        const Order order = scenario.order(scenario.server({ModelProcess{}}), deed);
        scenario.recorder.intend_takes = 2s;
        scenario.recorder.on_intend = [&] { scenario.host.all[0].alive = false; };
        EXPECT_EQ(scenario.carry_out({order})[0].effect, Effect::gone);
        EXPECT_EQ(entries(), 0U);
    }
}

TEST_F(WithJournal, WhatWasFrozenAndIsNotEndedAfterAllIsReleased) {
    scenario_.carry_out({scenario_.order(server_, Deed::freeze)});
    ASSERT_EQ(entries(), 1U);
    const auto begun = scenario_.host.clock;
    scenario_.host.put_takes = 2s;
    scenario_.host.servers[0].at_second_look = [&](auto& now) {
        if (scenario_.host.clock > begun) now.channel = scan::Channel::open;
    };
    EXPECT_EQ(scenario_.carry_out({scenario_.order(server_)})[0].effect, Effect::cancelled);
    EXPECT_FALSE(scenario_.host.cages_there.at(cage_).frozen);
    EXPECT_EQ(entries(), 0U);
}

TEST_F(WithJournal, FailureHalfWayLeavesNothing) {
    int calls = 0;
    scenario_.host.cage_call_fails = [&] { return ++calls == 2; };  // put, then freeze.
    const auto outcomes = scenario_.carry_out({scenario_.order(server_, Deed::freeze)});
    EXPECT_EQ(outcomes[0].effect, Effect::failed);
    EXPECT_FALSE(scenario_.host.cages_there.at(cage_).frozen);
    EXPECT_EQ(entries(), 0U);
}

TEST_F(WithJournal, ForgetsWhatHasBeenEnded) {
    scenario_.carry_out({scenario_.order(server_, Deed::throttle)});
    EXPECT_EQ(scenario_.carry_out({scenario_.order(server_)})[0].effect, Effect::ended);
    EXPECT_EQ(entries(), 0U);
    EXPECT_TRUE(scenario_.host.cages_there.empty());
}

TEST_F(WithJournal, RecoveryReleasesWhatWasHalfDone) {
    leave(UndoState::begun, kDead);
    const auto released = scenario_.enforcer().recover();
    ASSERT_EQ(released.size(), 1U);
    EXPECT_EQ(released[0].second.effect, Effect::released);
    EXPECT_FALSE(scenario_.host.cages_there.at(cage_).frozen);
    EXPECT_EQ(entries(), 0U);
}

TEST_F(WithJournal, RecoveryLeavesWhatAnotherIsDoing) {
    ModelProcess another;
    leave(UndoState::begun, scenario_.host.add(another));
    EXPECT_TRUE(scenario_.enforcer().recover().empty());
    EXPECT_TRUE(scenario_.host.cages_there.at(cage_).frozen);
    EXPECT_EQ(entries(), 1U);
}

TEST_F(WithJournal, RecoveryKeepsWhatIsHeld) {
    leave(UndoState::held, kDead);
    EXPECT_TRUE(scenario_.enforcer().recover().empty());
    EXPECT_TRUE(scenario_.host.cages_there.at(cage_).frozen);
    EXPECT_EQ(entries(), 1U);
}

TEST_F(WithJournal, RecoveryThawsAThrottledOneThatWasFrozenToBeKilled) {
    leave(UndoState::held, kDead, false);
    EXPECT_TRUE(scenario_.enforcer().recover().empty());
    EXPECT_FALSE(scenario_.host.cages_there.at(cage_).frozen);
    EXPECT_EQ(entries(), 1U);
}

TEST_F(WithJournal, RecoveryFreezesAgainWhatWasThawedToBeEnded) {
    leave(UndoState::held, kDead);
    scenario_.host.cages_there[cage_].frozen = false;
    EXPECT_TRUE(scenario_.enforcer().recover().empty());
    EXPECT_TRUE(scenario_.host.cages_there.at(cage_).frozen);
}

TEST_F(WithJournal, RecoveryGoesOnWithAReleaseThatWasBegun) {
    scenario_.carry_out({scenario_.order(server_, Deed::throttle)});
    const UndoEntry entry = journal_.read().value().entries.at(0);
    UndoState meanwhile = UndoState::held;
    scenario_.host.cage_call_fails = [&] {
        meanwhile = journal_.read().value().entries.at(0).state;
        return true;
    };
    EXPECT_EQ(scenario_.enforcer().release(entry, Origin::hand).effect, Effect::failed);
    EXPECT_EQ(meanwhile, UndoState::begun) << "who comes after us must know that it is half done";
}

TEST_F(WithJournal, WhatIsStoppedToBeKilledIsNotedForThatTime) {
    Scenario scenario;
    scenario.host.can = {};  // No cages.
    scenario.journal = &journal_;
    const int server = scenario.server({ignoring()});
    std::vector<std::vector<ProcessId>> noted;
    scenario.host.on_signal = [&] {
        const auto entries = journal_.read().value().entries;
        noted.push_back(entries.empty() ? std::vector<ProcessId>() : entries[0].stopped);
    };
    EXPECT_EQ(scenario.carry_out({scenario.order(server)})[0].effect, Effect::killed);
    EXPECT_THAT(noted, Contains(ElementsAre(scenario.main_of(server))));
    EXPECT_EQ(entries(), 0U) << "what was killed needs no undoing";
}

TEST_F(WithJournal, RecoveryContinuesWhatWasStoppedToBeKilled) {
    scenario_.host.can = {};
    UndoEntry entry;
    entry.cage = cage_;
    entry.server = scenario_.main_of(server_);
    entry.holder = kDead;
    entry.stopped = {entry.server, kDead};
    ASSERT_TRUE(journal_.put(entry));
    scenario_.host.all[0].stopped = true;
    const auto released = scenario_.enforcer().recover();
    ASSERT_EQ(released.size(), 1U);
    EXPECT_EQ(released[0].first, entry) << "the file keeps all of it";
    EXPECT_EQ(released[0].second.effect, Effect::released);
    EXPECT_FALSE(scenario_.host.all[0].stopped);
    EXPECT_EQ(entries(), 0U);
}

TEST_F(WithJournal, FreezingLiftsTheLimitsThatItsEntryDoesNotName) {
    scenario_.carry_out({scenario_.order(server_, Deed::throttle)});
    EXPECT_EQ(scenario_.carry_out({scenario_.order(server_, Deed::freeze)})[0].effect, Effect::frozen);
    EXPECT_TRUE(scenario_.host.cages_there.at(cage_).limits.none());
}

TEST_F(WithJournal, RecoveryForgetsTheDead) {
    leave(UndoState::held, kDead);
    scenario_.host.all[0].alive = false;
    EXPECT_TRUE(scenario_.enforcer().recover().empty());
    EXPECT_EQ(entries(), 0U);
    EXPECT_TRUE(scenario_.host.cages_there.empty());
}

TEST_F(WithJournal, WhatIsFrozenToBeKilledIsNotedForThatTime) {
    Scenario scenario;
    scenario.journal = &journal_;
    const int server = scenario.server({ignoring()});
    std::size_t noted = 0;
    scenario.host.cage_call_fails = [&] {
        noted = std::max(noted, journal_.read().value().entries.size());
        return false;
    };
    EXPECT_EQ(scenario.carry_out({scenario.order(server)})[0].effect, Effect::killed);
    EXPECT_EQ(noted, 1U);
    EXPECT_EQ(entries(), 0U) << "what was killed needs no undoing";
}

TEST_F(WithJournal, RecoveryLeavesACageThatStandsInAnotherJournal) {
    scenario_.host.cages_there[cage_].frozen = true;
    scenario_.host.all[0].cage = cage_;
    scenario_.host.cages_there["mcp-reaper-git-77-99"];
    scenario_.enforcer().recover();
    EXPECT_TRUE(scenario_.host.cages_there.at(cage_).frozen);
    EXPECT_FALSE(scenario_.host.cages_there.contains("mcp-reaper-git-77-99")) << "its server has ended";
}

}  // namespace
}  // namespace reaper::enforce
