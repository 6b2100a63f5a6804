// The ladder's order and times, on a model host: the clock moves only while it waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/enforce/model_scenario.h"

namespace reaper::enforce {
namespace {

using namespace std::chrono_literals;
using test::Event;
using test::ignoring;
using test::ModelProcess;
using test::Scenario;
using ::testing::HasSubstr;

/// When, and which signal, by pid.
std::vector<std::tuple<long, pid_t, int>> timeline(const Scenario& scenario) {
    std::vector<std::tuple<long, pid_t, int>> lines;
    for (const Event& event : scenario.host.log) {
        if (event.kind != Event::Kind::signal) continue;
        lines.emplace_back((event.at - support::kStart).count(), event.process.pid, event.number);
    }
    return lines;
}

std::tuple<long, pid_t, int> at(long ms, const ProcessId& id, int number) {
    return {ms, id.pid, number};
}

ModelProcess leaves_after(std::chrono::milliseconds time) {
    ModelProcess process;
    process.heeds = time;
    return process;
}

TEST(Termination, ServerProcessFirstThenWhatHasNotFollowedIt) {
    Scenario scenario;
    const int server = scenario.server({leaves_after(5ms), leaves_after(2ms)});
    const auto wrapper = scenario.host.all[0].id;
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::ended);
    EXPECT_EQ(outcomes[0].why, "");
    EXPECT_EQ(outcomes[0].ended.size(), 2U);
    EXPECT_EQ(outcomes[0].took, 7ms);
    EXPECT_EQ(timeline(scenario),
              (std::vector{at(0, scenario.main_of(server), SIGTERM), at(2, wrapper, SIGTERM)}));
}

// Lines of processes that each fork the next and end are seen by nobody; that the cage does not come to
// rest tells of them.
TEST(Termination, IsNotOverBeforeTheCageStandsStill) {
    Scenario scenario;
    scenario.policy.terminate.grace = 4s;
    const int server = scenario.server({leaves_after(2ms)});
    scenario.host.freezes_that_time_out = 2;
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(scenario.host.freezes_that_time_out, 0U);
    EXPECT_EQ(outcomes[0].effect, Effect::ended);
    EXPECT_GE(outcomes[0].took, 2s);
}

TEST(Termination, IsSaidToHaveFailedWhereTheCageNeverStandsStill) {
    Scenario scenario;
    const int server = scenario.server({leaves_after(2ms)});
    scenario.host.freezes_that_time_out = 1'000'000;
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::failed);
    EXPECT_THAT(outcomes[0].why, HasSubstr("forks faster than it can be ended"));
}

TEST(Termination, SupervisorFirst) {
    Scenario scenario;
    ModelProcess supervisor = leaves_after(10ms);
    supervisor.supervisor = true;
    const int server = scenario.server({supervisor, leaves_after(2ms)});
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::ended);
    EXPECT_EQ(timeline(scenario), (std::vector{at(0, scenario.host.all[0].id, SIGTERM),
                                               at(10, scenario.main_of(server), SIGTERM)}));
}

TEST(Termination, SupervisorThatHeedsNothingTakesASecondFromTheOthers) {
    Scenario scenario;
    ModelProcess supervisor = ignoring();
    supervisor.supervisor = true;
    const int server = scenario.server({supervisor, leaves_after(2ms)});
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::killed);
    EXPECT_EQ(timeline(scenario)[1], at(1000, scenario.main_of(server), SIGTERM));
    EXPECT_EQ(scenario.host.alive_of(server), 0U);
}

TEST(Termination, SecondSigtermInTheMiddleAndSigkillAtTheEndOfTheGraceTime) {
    Scenario scenario;
    const int server = scenario.server({ignoring()});
    const auto id = scenario.main_of(server);
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::killed);
    EXPECT_EQ(timeline(scenario),
              (std::vector{at(0, id, SIGTERM), at(5000, id, SIGTERM), at(10000, id, SIGKILL)}));
}

TEST(Termination, WithoutACageEverythingIsStoppedBeforeItIsKilled) {
    Scenario scenario;
    scenario.host.can = CageAbilities{.backend = "", .why_none = "none here"};
    const int server = scenario.server({ignoring(), ignoring()});
    const auto wrapper = scenario.host.all[0].id;
    const auto id = scenario.main_of(server);
    scenario.carry_out({scenario.order(server)});
    const auto lines = timeline(scenario);
    const std::vector last(lines.end() - 4, lines.end());
    EXPECT_EQ(last, (std::vector{at(10000, wrapper, SIGSTOP), at(10000, id, SIGSTOP),
                                 at(10000, wrapper, SIGKILL), at(10000, id, SIGKILL)}));
}

TEST(Termination, BrowserThatLeavesOnTheSecondSigtermNeedsNoSigkill) {
    Scenario scenario;
    ModelProcess puppeteer;
    puppeteer.terms_needed = 2;
    const int server = scenario.server({puppeteer});
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::ended);
    EXPECT_EQ(outcomes[0].took, 5001ms);
}

TEST(Termination, StoppedOneIsContinuedToHeedItsSigterm) {
    Scenario scenario;
    ModelProcess stopped;
    stopped.was_stopped = true;
    const int server = scenario.server({stopped});
    const auto id = scenario.main_of(server);
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::ended);
    EXPECT_EQ(timeline(scenario), (std::vector{at(0, id, SIGTERM), at(0, id, SIGCONT)}));
}

TEST(Termination, FrozenServerIsThawedToHeedItsSigterm) {
    Scenario scenario;
    const int server = scenario.server({ModelProcess{}});
    const std::string cage = cage_name(scenario.order(server).server);
    scenario.host.cages_there[cage].frozen = true;
    scenario.host.all[0].cage = cage;
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::ended);
    EXPECT_TRUE(scenario.host.cages_there.empty());
}

TEST(Termination, DoubleForkInACageDoesNotGetAway) {
    Scenario scenario;
    ModelProcess forker;
    forker.double_forks_on_term = true;
    const int server = scenario.server({forker});
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_TRUE(succeeded(outcomes[0].effect));
    EXPECT_EQ(scenario.host.alive_of(server), 0U);
}

TEST(Termination, DoubleForkWithoutACageIsNamedAsWhatMayHaveBeenLeft) {
    Scenario scenario;
    scenario.host.can = CageAbilities{.backend = "", .why_none = "no cgroup may be written"};
    ModelProcess forker;
    forker.double_forks_on_term = true;
    const int server = scenario.server({forker});
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::ended);
    EXPECT_THAT(outcomes[0].why,
                HasSubstr("may have left behind: " + std::to_string(scenario.host.all.back().id.pid)));
    EXPECT_THAT(outcomes[0].why, HasSubstr("no cgroup may be written"));
}

TEST(Termination, OneThatMayNotBeSignalledAndNobodyIsTouched) {
    Scenario scenario;
    const int server = scenario.server({ModelProcess{}});
    const auto setuid = scenario.helper(server);
    scenario.host.living(setuid)->untouchable = true;
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::refused);
    EXPECT_THAT(outcomes[0].why, HasSubstr(std::to_string(setuid.pid)));
    EXPECT_EQ(outcomes[0].remedy, "run as root");
    EXPECT_TRUE(scenario.host.log.empty());
    EXPECT_TRUE(scenario.recorder.notes.empty());
    EXPECT_TRUE(scenario.budget.state().kills.empty()) << "a refusal uses up no budget";
}

TEST(Termination, AgentThatAppearsInsideEndsItBeforeSigkill) {
    Scenario scenario;
    ModelProcess forker = ignoring();
    const int server = scenario.server({forker});
    const auto child = scenario.helper(server, ignoring());
    const Order order = scenario.order(server);
    const auto outcomes = [&] {
        // Becomes an agent 7 s later: after the second SIGTERM.
        ModelProcess clock;
        clock.heeds = 1ms;
        clock.dies_at = support::kStart + 7s;
        scenario.host.add(clock);
        scenario.host.on_death = [&](const ProcessId&) {
            scenario.host.living(child)->protected_as = "claude (pid 7)";
        };
        return scenario.carry_out({order});
    }();
    EXPECT_EQ(outcomes[0].effect, Effect::cancelled);
    EXPECT_THAT(outcomes[0].why, HasSubstr("claude (pid 7)"));
    for (const auto& [id, number] : scenario.signals()) EXPECT_NE(number, SIGKILL);
    for (const auto& process : scenario.host.all) EXPECT_FALSE(process.stopped);
    for (const auto& [name, cage] : scenario.host.cages_there) EXPECT_FALSE(cage.frozen);
}

TEST(Termination, UninterruptibleOneIsReportedAndNotWaitedForForEver) {
    Scenario scenario;
    ModelProcess asleep;
    asleep.asleep = true;
    const int server = scenario.server({asleep});
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::unkillable);
    EXPECT_THAT(outcomes[0].why, HasSubstr("state D"));
    EXPECT_EQ(outcomes[0].left, std::vector{scenario.main_of(server)});
    EXPECT_EQ(outcomes[0].took, 13s);
}

TEST(Termination, CageThatCannotBeThawedIsSaidSo) {
    Scenario scenario;
    const int server = scenario.server({ignoring()});
    int calls = 0;
    // put, thaw, (list at each look,) freeze, then thaw never again.
    scenario.host.cage_call_fails = [&] {
        return scenario.host.clock >= support::kStart + 10s && ++calls > 2;
    };
    const auto outcomes = scenario.carry_out({scenario.order(server)});
    EXPECT_EQ(outcomes[0].effect, Effect::unkillable);
    EXPECT_THAT(outcomes[0].why, HasSubstr("may be frozen still"));
}

TEST(Termination, ServerBelowItIsLeftAlone) {
    Scenario scenario;
    const int bridge = scenario.server({ModelProcess{}});
    const int below = scenario.server({ModelProcess{}});
    scenario.host.living(scenario.main_of(below))->parent = scenario.main_of(bridge).pid;
    const auto outcomes = scenario.carry_out({scenario.order(bridge)});
    EXPECT_EQ(outcomes[0].effect, Effect::ended);
    EXPECT_EQ(scenario.host.alive_of(bridge), 0U);
    EXPECT_EQ(scenario.host.alive_of(below), 1U);
}

}  // namespace
}  // namespace reaper::enforce
