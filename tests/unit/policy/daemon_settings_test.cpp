// The keys that only the daemon goes by: daemon, pressure, events, hooks and servers[].health.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "load_text.h"

using namespace reaper;
using namespace reaper::policy;
using std::chrono::seconds;
using test::load;
using test::mistakes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DaemonSettings, AreReadWithTheirUnits) {
    const Policy policy = load(R"(
version: 1
daemon: { drain_seconds: 1m, unhealthy_servers: 20 }
pressure: { enabled: false, stall_percent: 20%, lasts_seconds: 2m, spare: nothing,
            limits: { max_memory_mb: 1GB, max_age_seconds: none } }
events: { journal: false, log: /var/log/r.jsonl, log_size_mb: 5, log_files: 3 }
rules: { unresponsive: { for_seconds: 10, action: terminate } }
)")
                              .policy;
    EXPECT_EQ(policy.daemon.drain, seconds(60));
    EXPECT_EQ(policy.daemon.unhealthy_servers, 20U);
    EXPECT_FALSE(policy.pressure.enabled);
    EXPECT_EQ(policy.pressure.stall, CpuPercent{20});
    EXPECT_EQ(policy.pressure.lasts, seconds(120));
    EXPECT_EQ(policy.pressure.spare, Spare::nothing);
    EXPECT_EQ(policy.pressure.limits.max_memory, Bytes::from_mib(1024));
    EXPECT_FALSE(policy.pressure.limits.max_age) << "there is nothing to lift a limit from";
    EXPECT_FALSE(policy.pressure.limits.max_cpu);
    EXPECT_FALSE(policy.events.journal);
    EXPECT_EQ(policy.events.log, "/var/log/r.jsonl");
    EXPECT_EQ(policy.events.log_size, Bytes::from_mib(5));
    EXPECT_EQ(policy.events.log_files, 3U);
    EXPECT_EQ(policy.rule(Rule::unresponsive).hold, seconds(10));
    EXPECT_EQ(policy.rule(Rule::unresponsive).action, Action::terminate);
}

TEST(DaemonSettings, HaveTheValuesThatAreDocumentedWhereNothingIsSaid) {
    const Policy policy = load("version: 1\n").policy;
    EXPECT_EQ(policy.daemon.drain, seconds(30));
    EXPECT_FALSE(policy.daemon.unhealthy_servers);
    EXPECT_TRUE(policy.pressure.enabled);
    EXPECT_EQ(policy.pressure.stall, CpuPercent{10});
    EXPECT_EQ(policy.pressure.lasts, seconds(30));
    EXPECT_EQ(policy.pressure.spare, Spare::in_use);
    EXPECT_FALSE(policy.pressure.limits.max_memory);
    EXPECT_TRUE(policy.events.journal);
    EXPECT_EQ(policy.events.log, "");
    EXPECT_EQ(policy.events.log_size, Bytes::from_mib(10));
    EXPECT_EQ(policy.events.log_files, 5U);
    EXPECT_THAT(policy.hooks, IsEmpty());
}

TEST(Hooks, AreAProgramWithItsArguments) {
    const Policy policy = load(R"(
version: 1
hooks:
  - { command: /bin/one }
  - { command: ['/opt/a b/two', --to, 'x y'], events: [action, policy_refused], timeout_seconds: 1m }
)")
                              .policy;
    ASSERT_EQ(policy.hooks.size(), 2U);
    EXPECT_THAT(policy.hooks[0].command, ElementsAre("/bin/one"));
    EXPECT_THAT(policy.hooks[0].events, IsEmpty());
    EXPECT_EQ(policy.hooks[0].timeout, seconds(10));
    EXPECT_THAT(policy.hooks[1].command, ElementsAre("/opt/a b/two", "--to", "x y"));
    EXPECT_THAT(policy.hooks[1].events, ElementsAre("action", "policy_refused"));
    EXPECT_EQ(policy.hooks[1].timeout, seconds(60));
}

TEST(Hooks, AreRefusedWhereTheProgramCouldBeAnother) {
    EXPECT_THAT(mistakes("version: 1\nhooks:\n  - command: notify-send\n"),
                ElementsAre("p.yaml:3:14: command must be the absolute path of a program, or a list of "
                            "it and its arguments; 'notify-send' is not"));
    EXPECT_THAT(mistakes("version: 1\nhooks:\n  - command: [sh, -c, x]\n"),
                ElementsAre("p.yaml:3:15: command must be the absolute path of a program, or a list of "
                            "it and its arguments; 'sh' is not"));
    EXPECT_THAT(mistakes("version: 1\nhooks:\n  - command: /bin/x --y\n"),
                ElementsAre("p.yaml:3:14: command with arguments is a list, such as [/bin/x, …]"));
    EXPECT_THAT(mistakes("version: 1\nhooks: [{ events: [action] }]\n"),
                ElementsAre("p.yaml:2:9: key 'command' is missing in hooks[0]"));
}

TEST(Hooks, NameEventsThatThereAre) {
    EXPECT_THAT(mistakes("version: 1\nhooks: [{ command: /bin/x, events: [actions, late] }]\n"),
                ElementsAre("p.yaml:2:37: events must be a list of event names; 'actions' is not one; "
                            "did you mean 'action'?"));
    EXPECT_THAT(mistakes("version: 1\nhooks: [{ command: /bin/x, events: [late, late] }]\n"),
                ElementsAre("p.yaml:2:43: event 'late' is listed twice"));
}

TEST(Health, IsReadWithItsType) {
    const Policy policy = load(R"(
version: 1
servers:
  - { type: a, match: x }
  - { type: b, match: y, health: { http: 'http://[::1]:{port}/h', interval_seconds: 1m, failures: 1 } }
)")
                              .policy;
    EXPECT_FALSE(policy.servers[0].health);
    ASSERT_TRUE(policy.servers[1].health);
    EXPECT_EQ(policy.servers[1].health->http, "http://[::1]:{port}/h");
    EXPECT_EQ(policy.servers[1].health->interval, seconds(60));
    EXPECT_EQ(policy.servers[1].health->timeout, seconds(5));
    EXPECT_EQ(policy.servers[1].health->failures, 1U);
}

TEST(Health, IsOnlyAskedOfThisHost) {
    const std::string before = "version: 1\nservers:\n  - type: a\n    match: x\n    health: { http: '";
    const auto refused = [&](const std::string& url) {
        return mistakes(before + url + "' }\n").size() == 1;
    };
    for (const char* url : {"http://127.0.0.1", "http://127.0.0.1/", "http://localhost:{port}/a?b=c",
                            "http://[::1]:65535/x", "http://127.0.0.1:1/$x"}) {
        EXPECT_FALSE(refused(url)) << url;
    }
    for (const char* url : {"http://127.0.0.2/",
                            "http://0.0.0.0/",
                            "http://10.1.2.3:{port}/",
                            "http://example.com/",
                            "http://127.0.0.1.example.com/",
                            "http://127.0.0.1@example.com/",
                            "http://localhostx/",
                            "http://127.0.0.1:{port}.example.com/",
                            "http://user@127.0.0.1/",
                            "https://127.0.0.1/",
                            "HTTP://127.0.0.1/",
                            "http://127.0.0.1:0/",
                            "http://127.0.0.1:65536/",
                            "http://127.0.0.1:/",
                            "http://127.0.0.1/a b",
                            "http://127.0.0.1?x",
                            "http://127.0.0.1/#x",
                            "127.0.0.1:{port}",
                            "http://[::1/",
                            "http://2130706433/",
                            "http://127.0.0.1/é",
                            "file:///etc/passwd",
                            "http://"}) {
        EXPECT_TRUE(refused(url)) << url;
    }
    EXPECT_THAT(mistakes(before + "http://example.com' }\n"),
                ElementsAre("p.yaml:5:21: http must be an address on this host, such as "
                            "http://127.0.0.1:{port}/health; 'http://example.com' is not"));
}

TEST(Pressure, HasLimitsThatDoNotContradictEachOther) {
    EXPECT_THAT(
        mistakes("version: 1\npressure:\n  limits: { max_memory_mb: 100, warning_memory_mb: 200 }\n"),
        ElementsAre("p.yaml:3:52: pressure.limits: warning_memory_mb (200) must be below max_memory_mb "
                    "(100)"));
    EXPECT_THAT(mistakes("version: 1\nlimits: { warning_memory_mb: 200 }\npressure: { limits: { "
                         "max_memory_mb: 100 } }\n"),
                IsEmpty());
}
