#include "daemon/daemon_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "daemon/changes.h"
#include "daemon/statistics.h"
#include "support/snapshot_builder.h"

namespace reaper::daemon {
namespace {

using namespace std::chrono_literals;
using report::Event;
using report::EventKind;
using support::server;
using support::snapshot;
using ::testing::HasSubstr;
using ::testing::Not;

/// The row of docs/events.md about this kind.
std::string described(EventKind kind) {
    std::ifstream file(std::string(REAPER_SOURCE_DIR) + "/docs/events.md");
    std::string figures;
    for (std::string line; std::getline(file, line);) {
        if (line.find("\"The server's figures\" are") != std::string::npos) {
            figures = line;
            std::getline(file, line);
            figures += line;
        }
        if (!line.starts_with("| `" + std::string(to_string(kind)) + "` |")) continue;
        if (line.find("figures") != std::string::npos) line += figures;
        return line;
    }
    return "";
}

enforce::Order order_on(scan::Server one) {
    enforce::Order order;
    order.server = std::move(one);
    return order;
}

std::vector<Event> one_of_each() {
    const scan::Server one = server(4711).build();
    std::vector<Event> events = {
        daemon_started({"0.2.0", "/etc/x.yaml", "enforce", "process connector", "systemd", 3}),
        daemon_stopping("SIGTERM"),
        policy_reloaded("/etc/x.yaml", "abcd"),
        policy_refused("/etc/x.yaml", {"3:4: unknown key", "4:5: another"}),
        paused(3600s),
        resumed("its time is over"),
        breaker_opened("playwright", 300s),
        breaker_closed("playwright"),
        pressure(true, 12.5),
        collector_changed("readdir", "EPERM"),
        late(1500ms, 10s, 5s),
        look_trouble("Too many open files"),
        history_trouble("the disk is full"),
        health_check_failed(one, support::kStartWall, 3, "connection refused"),
        health_check_recovered(one, support::kStartWall),
        action_event(order_on(one), {}, support::kStartWall),
    };
    policy::Verdict verdict;
    verdict.server = one.id;
    policy::Finding& finding = verdict.findings.emplace_back();
    finding.rule = policy::Rule::over_memory;
    finding.why = "memory 812 MiB, limit 500 MiB";
    policy::Plan plan;
    plan.verdicts = {verdict};
    const scan::Snapshot none = snapshot().build();
    const scan::Snapshot there = snapshot().with(server(4711)).build();
    ToldLimits told;
    for (Event& event : changes(none, {}, there, plan, told)) events.push_back(std::move(event));
    for (Event& event : changes(there, plan, none, {}, told)) events.push_back(std::move(event));
    return events;
}

TEST(EventsDocument, DescribesEveryFieldOfEveryKind) {
    std::map<EventKind, int> seen;
    for (const Event& event : one_of_each()) {
        ++seen[event.kind];
        const std::string row = described(event.kind);
        for (const auto& [key, value] : event.detail.items()) {
            EXPECT_THAT(row, HasSubstr("`" + key + "`")) << to_string(event.kind);
        }
        EXPECT_FALSE(event.message.empty()) << to_string(event.kind);
    }
    // log_trouble and hook_failed are made where they happen: events_test, hooks_test.
    EXPECT_EQ(seen.size(), report::kEventKinds - 2);
}

TEST(DaemonEvents, SayItInASentence) {
    std::map<EventKind, std::string> said;
    for (const Event& event : one_of_each()) said[event.kind] = event.message;
    EXPECT_EQ(said[EventKind::daemon_started],
              "mcp-reaper 0.2.0 has started: policy /etc/x.yaml, mode enforce, 3 servers are there");
    EXPECT_EQ(
        said[EventKind::policy_refused],
        "the policy /etc/x.yaml is refused, the last good one stays: 3:4: unknown key (and 1 more)");
    EXPECT_EQ(
        said[EventKind::late],
        "it cannot keep up: a tick took 1500 ms, the interval is 10000 ms for now instead of 5000 ms");
    EXPECT_EQ(late(2ms, 5s, 5s).message, "it keeps up again: the interval is 5000 ms");
    EXPECT_EQ(said[EventKind::paused], "nothing is done by itself for 1h 00m");
    EXPECT_EQ(paused({}).message, "nothing is done by itself until it is resumed");
    EXPECT_EQ(said[EventKind::health_check_failed],
              "filesystem 4711 does not answer (3 failures in a row): connection refused");
}

TEST(DaemonEvents, BoundTheErrorsOfAPolicy) {
    const Event event = policy_refused("p", std::vector<std::string>(500, "3:4: unknown key"));
    EXPECT_EQ(event.detail["errors"].size(), 10U);
    EXPECT_EQ(event.detail["errors_count"], 500);
    EXPECT_EQ(policy_refused("p", {}).message,
              "the policy p is refused, the last good one stays: it cannot be read");
}

TEST(DaemonEvents, HaveNoSecretsInThem) {
    const std::string secret = "sbp_0123456789abcdef0123456789abcdef01234567";
    EXPECT_THAT(to_json_line(history_trouble("x --token=" + secret)), Not(HasSubstr(secret)));
    EXPECT_THAT(to_json_line(policy_refused("p", {"x " + secret})), Not(HasSubstr(secret)));
}

TEST(Statistics, CountEvents) {
    Statistics statistics;
    for (const Event& event : one_of_each()) count(statistics, event);
    EXPECT_EQ(statistics.cleanups_performed, 0U) << "the action of the list has failed";
    EXPECT_EQ(statistics.health_checks_failed, 1U);
    EXPECT_EQ(statistics.resources_exceeded, 1U);
    EXPECT_EQ(statistics.duplicates_detected, 0U);
    EXPECT_EQ(statistics.last_cleanup, std::nullopt);

    enforce::Outcome ended;
    ended.effect = enforce::Effect::ended;
    count(statistics, action_event(order_on(server(1).build()), ended, support::kStartWall));
    ended.effect = enforce::Effect::killed;
    count(statistics, action_event(order_on(server(1).build()), ended, support::kStartWall + 1s));
    ended.effect = enforce::Effect::throttled;
    count(statistics, action_event(order_on(server(1).build()), ended, support::kStartWall + 2s));
    EXPECT_EQ(statistics.cleanups_performed, 2U);
    EXPECT_EQ(statistics.last_cleanup, support::kStartWall + 1s);

    Event finding;
    finding.kind = EventKind::finding;
    for (const char* rule : {"duplicate", "superseded", "orphan"}) {
        finding.detail["rule"] = rule;
        count(statistics, finding);
    }
    finding.kind = EventKind::finding_cleared;
    count(statistics, finding);
    EXPECT_EQ(statistics.duplicates_detected, 2U);
}

}  // namespace
}  // namespace reaper::daemon
