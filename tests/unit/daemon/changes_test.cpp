#include "daemon/changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "report/event.h"
#include "support/snapshot_builder.h"
#include "support/watch.h"

namespace reaper::daemon {
namespace {

using namespace std::chrono_literals;
using report::Event;
using report::EventKind;
using support::server;
using support::snapshot;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

policy::Policy with_limits() {
    policy::Policy policy = policy::builtin_defaults();
    policy.limits.max_memory = Bytes::from_mib(500);
    policy.limits.max_age = 2h;
    policy.rule(policy::Rule::over_memory).hold = 30s;
    return policy;
}

/// What is seen one after the other under a policy, as the daemon does.
class Looks {
  public:
    explicit Looks(policy::Policy policy = with_limits()) : watch_(std::move(policy)) {}

    /// "server_started 4711", "finding 4711 orphan".
    std::vector<std::string> see(std::chrono::milliseconds at,
                                 std::vector<support::ServerBuilder> servers) {
        support::SnapshotBuilder builder = snapshot().at(at);
        for (auto& one : servers) builder.with(std::move(one));
        const scan::Snapshot now = builder.build();
        const policy::Plan plan = watch_.see(now);
        events_ = changes(before_, plan_before_, now, plan, told_);
        before_ = now;
        plan_before_ = plan;
        std::vector<std::string> words;
        for (const Event& event : events_) {
            std::string word(to_string(event.kind));
            word += ' ' + std::to_string(event.server.value().pid);
            if (event.detail.contains("rule")) word += ' ' + event.detail["rule"].get<std::string>();
            words.push_back(word);
        }
        return words;
    }
    [[nodiscard]] const std::vector<Event>& events() const { return events_; }
    [[nodiscard]] const ToldLimits& told() const { return told_; }

  private:
    support::Watch watch_;
    scan::Snapshot before_;
    policy::Plan plan_before_;
    ToldLimits told_;
    std::vector<Event> events_;
};

TEST(Changes, TellsOfServersThatCameAndWent) {
    Looks looks;
    EXPECT_THAT(looks.see(0s, {server(1)}), IsEmpty()) << "it was there already";
    EXPECT_THAT(looks.see(1s, {server(1), server(2)}), ElementsAre("server_started 2"));
    EXPECT_THAT(looks.see(2s, {server(1), server(2)}), IsEmpty());
    EXPECT_THAT(looks.see(3s, {server(2), server(3)}),
                ElementsAre("server_stopped 1", "server_started 3"));
    EXPECT_THAT(looks.see(4s, {}), ElementsAre("server_stopped 2", "server_stopped 3"));
    EXPECT_THAT(looks.see(5s, {server(4)}), ElementsAre("server_started 4"))
        << "an empty host is a look";
}

TEST(Changes, SayWhoseServerItIs) {
    Looks looks;
    looks.see(0s, {});
    looks.see(1s, {server(4711).type("playwright").user(1001).npx().memory_mib(312)});
    const Event& event = looks.events().at(0);
    EXPECT_EQ(event.message, "playwright 4711 has started");
    EXPECT_EQ(event.uid, 1001U);
    EXPECT_EQ(event.type, "playwright");
    EXPECT_EQ(event.at, support::kStartWall + 1s);
    EXPECT_EQ(event.id, "");
    EXPECT_EQ(event.detail["client"], "claude");
    EXPECT_EQ(event.detail["client_pid"], 11);
    EXPECT_EQ(event.detail["launcher"], "npm exec");
    EXPECT_EQ(event.detail["processes"], 3);
    EXPECT_EQ(event.detail["memory_bytes"], 312 * 1024 * 1024);
}

/// Still installing: its launcher is all there is.
scan::Server only_launcher(pid_t pid) {
    scan::Server built = server(pid).npx().build();
    built.members.pop_back();
    built.server_process.reset();
    built.id = built.members.front().id;
    return built;
}

std::vector<Event> between(scan::Server before, scan::Server now) {
    scan::Snapshot first = snapshot().build();
    scan::Snapshot second = snapshot().at(1s).build();
    first.servers = {std::move(before)};
    second.servers = {std::move(now)};
    ToldLimits told;
    return changes(first, {}, second, {}, told);
}

TEST(Changes, DoNotCallALauncherAServer) {
    EXPECT_THAT(between(only_launcher(9), only_launcher(9)), IsEmpty());
    const std::vector<Event> events = between(only_launcher(9), server(9).npx().build());
    ASSERT_EQ(events.size(), 1U) << "one launch is one server";
    EXPECT_EQ(events[0].kind, EventKind::server_started);
    EXPECT_EQ(events[0].server->pid, 9);

    const std::vector<Event> ended = between(server(9).npx().build(), only_launcher(9));
    ASSERT_EQ(ended.size(), 1U);
    EXPECT_EQ(ended[0].kind, EventKind::server_stopped);
}

TEST(Changes, CallALauncherOfAContainerAServer) {
    scan::Server container = only_launcher(9);
    container.launcher_kind = classify::LauncherKind::container;
    const std::vector<Event> events = between(server(1).build(), container);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[1].kind, EventKind::server_started);
}

TEST(Changes, AreSilentAboutSuspects) {
    Looks looks;
    looks.see(0s, {});
    EXPECT_THAT(looks.see(1s, {server(1).suspected()}), IsEmpty());
    EXPECT_THAT(looks.see(2s, {}), IsEmpty());
}

TEST(Changes, TellThatAServerEndedOfWhichABrowserIsLeft) {
    Looks looks;
    looks.see(0s, {server(1).helper(2)});
    EXPECT_THAT(looks.see(1s, {server(2).left_over(true, support::id_of(1))}),
                ElementsAre("server_stopped 1"));
    EXPECT_THAT(looks.see(2s, {}), IsEmpty()) << "it is no server, and nothing of it has been found";
}

TEST(Changes, TellOfAFindingOnceWhenItHolds) {
    Looks looks;
    EXPECT_THAT(looks.see(0s, {server(1)}), IsEmpty());
    EXPECT_THAT(looks.see(5s, {server(1).orphaned()}), IsEmpty()) << "pending";
    EXPECT_THAT(looks.see(34s, {server(1).orphaned()}), IsEmpty());
    EXPECT_THAT(looks.see(35s, {server(1).orphaned()}), ElementsAre("finding 1 orphan"));
    const Event event = looks.events().at(0);
    EXPECT_THAT(event.message, HasSubstr("filesystem 1: orphan: stdin and stdout are hung up"));
    EXPECT_EQ(event.detail["action"], "terminate");
    EXPECT_EQ(event.detail["status"], "orphan");
    EXPECT_TRUE(event.detail["spared"].is_null());
    EXPECT_THAT(looks.see(36s, {server(1).orphaned()}), IsEmpty());
    EXPECT_THAT(looks.see(40s, {server(1)}), ElementsAre("finding_cleared 1 orphan"));
}

TEST(Changes, ClearTheFindingsOfAServerThatEnds) {
    Looks looks;
    looks.see(0s, {server(1).orphaned()});
    looks.see(30s, {server(1).orphaned()});
    EXPECT_THAT(looks.see(31s, {}), ElementsAre("finding_cleared 1 orphan", "server_stopped 1"));
    EXPECT_EQ(looks.events().at(0).detail["why"], "it has ended");
}

TEST(Changes, TellAtTheFirstLookWhatHolds) {
    Looks looks;
    EXPECT_THAT(looks.see(0s, {server(1).age(3h)}),
                ElementsAre("limit_exceeded 1 over_age", "finding 1 over_age"));
    EXPECT_EQ(looks.events().at(1).detail["spared"], "in use: its channel is open");
}

TEST(Changes, TellThatALimitIsCrossedBeforeItIsAFinding) {
    Looks looks;
    looks.see(0s, {server(1)});
    EXPECT_THAT(looks.see(5s, {server(1).memory_mib(501)}), ElementsAre("limit_exceeded 1 over_memory"));
    EXPECT_EQ(looks.events().at(0).detail["pending_seconds"], 30);
    EXPECT_THAT(looks.see(6s, {server(1).memory_mib(502)}), IsEmpty());
    EXPECT_THAT(looks.see(35s, {server(1).memory_mib(503)}), ElementsAre("finding 1 over_memory"));
}

TEST(Changes, AreSilentAboutALimitThatIsCrossedAgainAndAgain) {
    Looks looks;
    looks.see(0s, {server(1)});
    EXPECT_THAT(looks.see(5s, {server(1).memory_mib(501)}), ElementsAre("limit_exceeded 1 over_memory"));
    for (int i = 2; i < 120; ++i) {
        EXPECT_THAT(looks.see(i * 5s, {server(1).memory_mib(i % 2 == 0 ? 499 : 501)}), IsEmpty()) << i;
    }
    looks.see(604s, {server(1)});
    EXPECT_THAT(looks.see(605s, {server(1).memory_mib(501)}),
                ElementsAre("limit_exceeded 1 over_memory"));
    EXPECT_EQ(looks.told().size(), 1U);
    looks.see(606s, {});
    EXPECT_TRUE(looks.told().empty()) << "what has ended is forgotten";
}

TEST(Changes, HaveNoSecretsInThem) {
    Looks looks;
    looks.see(0s, {});
    looks.see(1s, {server(1).program("mcp-x --api-key=sbp_0123456789abcdef0123456789abcdef01234567")});
    EXPECT_THAT(report::to_json_line(looks.events().at(0)), Not(HasSubstr("sbp_0123")));
}

TEST(Changes, OfManyServersAreFoundInOrder) {
    Looks looks;
    std::vector<support::ServerBuilder> many;
    for (int i = 0; i < 200; ++i) many.push_back(server(1000 + i));
    looks.see(0s, many);
    EXPECT_THAT(looks.see(1s, many), IsEmpty());
    many.erase(many.begin() + 50, many.begin() + 52);
    EXPECT_THAT(looks.see(2s, many), ElementsAre("server_stopped 1050", "server_stopped 1051"));
}

TEST(ActionEvent, SaysWhatCameOfIt) {
    enforce::Order order;
    order.server = server(4711).type("playwright").npx().build();
    order.rules = {policy::Rule::orphan};
    order.reasons = {"hung up", "--token=sbp_0123456789abcdef0123456789abcdef01234567"};
    enforce::Outcome outcome;
    outcome.effect = enforce::Effect::killed;
    outcome.ended = {order.server.members[0].id, order.server.members[1].id};
    outcome.freed = Bytes::from_mib(312);
    outcome.took = 1200ms;
    const Event event = action_event(order, outcome, support::kStartWall);
    EXPECT_EQ(event.message, "playwright 4711: killed (terminate): 2 processes, 312 MiB");
    EXPECT_EQ(event.uid, support::kUser);
    EXPECT_EQ(event.detail["action"], "terminate");
    EXPECT_EQ(event.detail["origin"], "rule");
    EXPECT_EQ(event.detail["rules"][0], "orphan");
    EXPECT_EQ(event.detail["effect"], "killed");
    EXPECT_EQ(event.detail["succeeded"], true);
    EXPECT_EQ(event.detail["ended_count"], 2);
    EXPECT_EQ(event.detail["took_us"], 1'200'000);
    EXPECT_TRUE(event.detail["why"].is_null());
    EXPECT_THAT(report::to_json_line(event), Not(HasSubstr("sbp_0123")));
}

TEST(ActionEvent, SaysWhyNothingWasDone) {
    enforce::Order order;
    order.server = server(4711).build();
    order.origin = enforce::Origin::hand;
    const Event event = action_event(
        order, enforce::outcome_of(enforce::Effect::refused, "it is in use", "--even-in-use"), {});
    EXPECT_EQ(event.message, "filesystem 4711: refused (terminate); it is in use");
    EXPECT_EQ(event.detail["why"], "it is in use");
    EXPECT_EQ(event.detail["remedy"], "--even-in-use");
    EXPECT_EQ(event.detail["succeeded"], false);
}

}  // namespace
}  // namespace reaper::daemon
