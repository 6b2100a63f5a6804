// What a policy file may say, and what comes of it.
#include "policy/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "load_text.h"

using namespace reaper;
using namespace reaper::policy;
using std::chrono::seconds;
using test::load;
using ::testing::ElementsAre;

TEST(Loader, KeepsTheBuiltInValueOfWhatIsNotSaid) {
    const Policy policy = load("version: 1\n").policy;
    const Policy builtin = builtin_defaults();
    EXPECT_EQ(policy.mode, Mode::enforce);
    EXPECT_EQ(policy.daemon.health_check_interval, builtin.daemon.health_check_interval);
    EXPECT_EQ(policy.rule(Rule::orphan).hold, builtin.rule(Rule::orphan).hold);
    EXPECT_EQ(policy.rule(Rule::over_cpu).action, Action::throttle);
    EXPECT_FALSE(policy.limits.max_memory);
    EXPECT_TRUE(policy.exempt.empty());
}

TEST(Loader, NamesAPolicyAfterItsFile) {
    EXPECT_EQ(parse_policy("version: 1\n", "/etc/mcp-reaper/build-farm.yaml")->policy.name,
              "build-farm");
    EXPECT_EQ(parse_policy("version: 1\nname: mine\n", "/etc/x.yaml")->policy.name, "mine");
    EXPECT_EQ(parse_policy("version: 1\n", "\xff.yaml")->policy.name, "policy");
}

TEST(Loader, ReadsEveryKey) {
    const Policy policy = load(R"(
version: 1
name: all
mode: observe
daemon: { health_check_interval: 7, cleanup_interval: 9 }
limits:
  max_instances_per_type: 3
  max_cpu_percent: 90.5
  max_memory_mb: 600
  max_age_seconds: 4000
  warning_cpu_percent: 50
  warning_memory_mb: 300
rules:
  orphan: { after_seconds: 11, action: freeze, spare: nothing, else: throttle, enabled: false }
  zombie: { after_seconds: 12 }
  duplicate: { per: user, action: report }
  superseded: { idle_seconds: 13, action: terminate }
  over_age: { action: report }
  over_cpu: { for_seconds: 14, action: freeze }
  over_memory: { for_seconds: 15, else: throttle }
terminate: { grace_seconds: 21 }
throttle: { cpu_percent: 22, cpu_weight: 23, memory_max_mb: 24, pids_max: 25 }
budget: { kills_per_minute: 26, respawns: 27, respawn_window_seconds: 28, pause_seconds: 29 }
history: { keep_seconds: 30d, max_size_mb: 31 }
servers:
  - type: one
    match: 'one$'
    match_line: true
    listens: helper
    limits: { max_memory_mb: 700, max_age_seconds: none }
  - { type: two, match: [a, b] }
clients:
  - { name: zed, match: '^zed$' }
exempt:
  - { type: one, client: zed, user: 1000, cgroup: system, match: x, rules: [orphan, over_cpu] }
protect:
  - { user: root }
)")
                              .policy;
    EXPECT_EQ(policy.name, "all");
    EXPECT_EQ(policy.mode, Mode::observe);
    EXPECT_EQ(policy.daemon.health_check_interval, seconds(7));
    EXPECT_EQ(policy.daemon.cleanup_interval, seconds(9));
    EXPECT_EQ(policy.limits.max_instances_per_type, 3U);
    EXPECT_EQ(policy.limits.max_cpu, CpuPercent{90.5});
    EXPECT_EQ(policy.limits.max_memory, Bytes::from_mib(600));
    EXPECT_EQ(policy.limits.max_age, seconds(4000));
    EXPECT_EQ(policy.limits.warning_cpu, CpuPercent{50});
    EXPECT_EQ(policy.limits.warning_memory, Bytes::from_mib(300));

    const RuleSettings& orphan = policy.rule(Rule::orphan);
    EXPECT_FALSE(orphan.enabled);
    EXPECT_EQ(orphan.hold, seconds(11));
    EXPECT_EQ(orphan.action, Action::freeze);
    EXPECT_EQ(orphan.otherwise, Action::throttle);
    EXPECT_EQ(orphan.spare, Spare::nothing);
    EXPECT_EQ(policy.rule(Rule::zombie).hold, seconds(12));
    EXPECT_EQ(policy.rule(Rule::duplicate).per, Scope::user);
    EXPECT_EQ(policy.rule(Rule::superseded).idle, seconds(13));
    EXPECT_EQ(policy.rule(Rule::over_age).action, Action::report);
    EXPECT_EQ(policy.rule(Rule::over_cpu).hold, seconds(14));
    EXPECT_EQ(policy.rule(Rule::over_memory).hold, seconds(15));

    EXPECT_EQ(policy.terminate.grace, seconds(21));
    EXPECT_EQ(policy.throttle.cpu, CpuPercent{22});
    EXPECT_EQ(policy.throttle.cpu_weight, 23U);
    EXPECT_EQ(policy.throttle.memory_max, Bytes::from_mib(24));
    EXPECT_EQ(policy.throttle.pids_max, 25U);
    EXPECT_EQ(policy.budget.kills_per_minute, 26U);
    EXPECT_EQ(policy.budget.respawns, 27U);
    EXPECT_EQ(policy.budget.respawn_window, seconds(28));
    EXPECT_EQ(policy.budget.pause, seconds(29));
    EXPECT_EQ(policy.history.keep, std::chrono::hours(30 * 24));
    EXPECT_EQ(policy.history.max_size, Bytes::from_mib(31));

    ASSERT_EQ(policy.servers.size(), 2U);
    EXPECT_EQ(policy.servers[0].type, "one");
    EXPECT_TRUE(policy.servers[0].match_line);
    EXPECT_TRUE(policy.servers[0].helper_listens);
    EXPECT_EQ(policy.servers[0].limits.max_memory, Bytes::from_mib(700));
    EXPECT_THAT(policy.servers[1].match, ElementsAre("a", "b"));
    ASSERT_EQ(policy.clients.size(), 1U);
    EXPECT_EQ(policy.clients[0].match, "^zed$");
    ASSERT_EQ(policy.exempt.size(), 1U);
    EXPECT_EQ(policy.exempt[0].user, "1000");
    EXPECT_EQ(policy.exempt[0].program, "x");
    EXPECT_THAT(policy.exempt[0].rules, ElementsAre(Rule::orphan, Rule::over_cpu));
    ASSERT_EQ(policy.protect.size(), 1U);
    EXPECT_EQ(policy.protect[0].user, "root");
}

TEST(Loader, SetsNoMemoryLimitOfACageUnlessThePolicySaysSo) {
    const ThrottleSettings unsaid = load("version: 1\n").policy.throttle;
    EXPECT_FALSE(unsaid.memory_max);
    EXPECT_FALSE(unsaid.pids_max);
    const ThrottleSettings none =
        load("version: 1\nthrottle: { memory_max_mb: none, pids_max: none }\n").policy.throttle;
    EXPECT_FALSE(none.memory_max);
    EXPECT_FALSE(none.pids_max);
}

RuleSettings rule_with(const std::string& action) {
    return load("version: 1\nrules: { over_cpu: { action: " + action + " } }\n")
        .policy.rule(Rule::over_cpu);
}

TEST(Loader, ReadsTheStepsOfAnEscalation) {
    const RuleSettings rule =
        rule_with("[report, throttle after 5m, freeze after 10 m, terminate after 3600]");
    EXPECT_EQ(rule.action, Action::terminate);
    EXPECT_THAT(rule.escalation,
                ElementsAre(Step{Action::report, seconds(0)}, Step{Action::throttle, seconds(300)},
                            Step{Action::freeze, seconds(600)}, Step{Action::terminate, seconds(3600)}));
}

TEST(Loader, TakesOneStepAtOnceForItsWord) {
    EXPECT_EQ(rule_with("[terminate]").action, Action::terminate);
    EXPECT_TRUE(rule_with("[terminate]").escalation.empty());
    EXPECT_TRUE(rule_with("freeze").escalation.empty());
    EXPECT_THAT(rule_with("[terminate after 1d]").escalation,
                ElementsAre(Step{Action::terminate, seconds(86400)}));
}

TEST(Units, OfTimeAreSecondsMinutesHoursAndDays) {
    const auto age = [](const std::string& text) {
        return load("version: 1\nlimits: { max_age_seconds: " + text + " }\n").policy.limits.max_age;
    };
    EXPECT_EQ(age("90"), seconds(90));
    EXPECT_EQ(age("90s"), seconds(90));
    EXPECT_EQ(age("10m"), seconds(600));
    EXPECT_EQ(age("2h"), seconds(7200));
    EXPECT_EQ(age("1d"), seconds(86400));
    EXPECT_EQ(age("'10 m'"), seconds(600));
    EXPECT_EQ(age("1e3"), seconds(1000));
}

TEST(Units, OfMemoryAreMegabytesOf1024Times1024Bytes) {
    const auto memory = [](const std::string& text) {
        return load("version: 1\nlimits: { max_memory_mb: " + text + " }\n").policy.limits.max_memory;
    };
    EXPECT_EQ(memory("500"), Bytes{500 * 1024 * 1024});
    EXPECT_EQ(memory("500MB"), Bytes::from_mib(500));
    EXPECT_EQ(memory("500 MiB"), Bytes::from_mib(500));
    EXPECT_EQ(memory("2GB"), Bytes::from_mib(2048));
    EXPECT_EQ(memory("2g"), Bytes::from_mib(2048));
    EXPECT_EQ(memory("1.5GB"), Bytes::from_mib(1536));
    EXPECT_EQ(memory("0x100"), Bytes::from_mib(256));
}

TEST(Units, OfCpuArePercentOfOneCore) {
    const auto cpu = [](const std::string& text) {
        return load("version: 1\nlimits: { max_cpu_percent: " + text + " }\n").policy.limits.max_cpu;
    };
    EXPECT_EQ(cpu("80"), CpuPercent{80});
    EXPECT_EQ(cpu("80%"), CpuPercent{80});
    EXPECT_EQ(cpu("'12.5 %'"), CpuPercent{12.5});
    EXPECT_EQ(cpu("250"), CpuPercent{250});
}

TEST(None, IsNoLimit) {
    const Policy policy =
        load("version: 1\nlimits: { max_memory_mb: none, max_instances_per_type: none }\n").policy;
    EXPECT_FALSE(policy.limits.max_memory);
    EXPECT_FALSE(policy.limits.max_instances_per_type);
}

TEST(None, OfATypeLiftsThePolicysLimit) {
    const Policy policy = load(R"(
version: 1
limits: { max_memory_mb: 500, max_cpu_percent: 80, max_age_seconds: 10, max_instances_per_type: 2 }
servers:
  - type: free
    match: free
    limits: { max_memory_mb: none, max_age_seconds: none, max_instances_per_type: none }
  - { type: bound, match: bound }
)")
                              .policy;
    const Limits free = policy.limits_for("free");
    EXPECT_FALSE(free.max_memory);
    EXPECT_FALSE(free.max_age);
    EXPECT_FALSE(free.max_instances_per_type);
    EXPECT_EQ(free.max_cpu, CpuPercent{80});
    EXPECT_EQ(policy.limits_for("bound").max_memory, Bytes::from_mib(500));
}

TEST(Servers, AreTheBuiltInTypesWhereNoneAreListed) {
    const LoadedPolicy loaded = load("version: 1\nlimits: { max_memory_mb: 700 }\n");
    const Policy standard = default_policy()->policy;
    ASSERT_EQ(loaded.policy.servers.size(), standard.servers.size());
    EXPECT_EQ(loaded.policy.servers.front().type, standard.servers.front().type);
    EXPECT_EQ(loaded.classifier.types().size(), default_policy()->classifier.types().size());
}

TEST(Servers, ThatAreBuiltInObeyTheLimitsOfTheUsersFile) {
    const Policy policy = load("version: 1\nlimits: { max_memory_mb: 700 }\n").policy;
    EXPECT_EQ(default_policy()->policy.limits_for("playwright").max_memory, Bytes::from_mib(2000));
    EXPECT_EQ(policy.limits_for("playwright").max_memory, Bytes::from_mib(700));
}

TEST(Servers, AreExactlyThoseListed) {
    EXPECT_EQ(load("version: 1\nservers:\n  - { type: a, match: x }\n").policy.servers.size(), 1U);
    EXPECT_TRUE(load("version: 1\nservers: []\n").policy.servers.empty());
    EXPECT_FALSE(load("version: 1\nservers:\n").policy.servers.empty());  // Nothing is said of servers.
}

TEST(Servers, AreFoundInTheOrderListed) {
    const LoadedPolicy loaded = load(
        "version: 1\nservers:\n  - { type: first, match: mcp }\n  - { type: second, match: mcp-x }\n");
    EXPECT_EQ(loaded.classifier.types().at(*loaded.classifier.match_slot("mcp-x")).type, "first");
}

TEST(Sections, MayBeEmpty) {
    EXPECT_THAT(
        test::mistakes(
            "version: 1\ndaemon:\nlimits:\nrules:\n  orphan:\nexempt:\nprotect: []\nclients: ~\n"),
        ElementsAre());
}

TEST(Origins, AreTheLineOfEachGivenValue) {
    const LoadedPolicy loaded = load(R"(version: 1
limits:
  max_cpu_percent: 80
  max_memory_mb: none
rules:
  orphan: { action: report }
servers:
  - type: one
    match:
      - a
    limits: { max_memory_mb: 700 }
exempt:
  - { client: zed }
)");
    const auto line = [&](const char* path) {
        const auto found = loaded.origins.find(path);
        return found == loaded.origins.end() ? -1 : found->second.line;
    };
    EXPECT_EQ(line("version"), 1);
    EXPECT_EQ(line("limits.max_cpu_percent"), 3);
    EXPECT_EQ(line("limits.max_memory_mb"), 4);
    EXPECT_EQ(line("rules.orphan.action"), 6);
    EXPECT_EQ(line("servers.one.type"), 8);
    EXPECT_EQ(line("servers.one.match"), 10);
    EXPECT_EQ(line("servers.one.limits.max_memory_mb"), 11);
    EXPECT_EQ(line("exempt[0].client"), 13);
    EXPECT_EQ(loaded.origins.find("limits.max_cpu_percent")->second.file, test::kFile);
}

TEST(Origins, TellWhatIsBuiltIn) {
    const LoadedPolicy loaded = load("version: 1\n");
    for (const char* path : {"mode", "daemon.cleanup_interval", "limits.max_age_seconds",
                             "rules.over_cpu.else", "rules.duplicate.per", "servers.playwright.match"}) {
        const auto found = loaded.origins.find(path);
        ASSERT_NE(found, loaded.origins.end()) << path;
        EXPECT_EQ(found->second.file, "") << path;
        EXPECT_EQ(found->second.line, 0) << path;
    }
}

TEST(Guard, IsTheTypesWhereItSaysSoAndThePolicysElsewhere) {
    const Policy policy = load(R"(
version: 1
servers:
  - { type: a, match: ^a$, guard: { grace_seconds: 20, ping_seconds: none } }
  - { type: b, match: ^b$ }
guard: { restarts: 7, grace_seconds: 5, ping_seconds: 30, memory_max_mb: 1GB }
)")
                              .policy;
    EXPECT_EQ(policy.guard_for("a").restarts, 7U) << "wherever in the file the policy's own stands";
    EXPECT_EQ(policy.guard_for("a").grace, seconds(20));
    EXPECT_FALSE(policy.guard_for("a").ping_interval);
    EXPECT_EQ(policy.guard_for("a").memory, Bytes::from_mib(1024));
    for (const char* type : {"b", "other"}) {
        EXPECT_EQ(policy.guard_for(type), policy.guard) << type;
        EXPECT_EQ(policy.guard_for(type).grace, seconds(5));
        EXPECT_EQ(policy.guard_for(type).ping_interval, seconds(30));
    }
    EXPECT_EQ(load("version: 1\n").policy.guard, GuardSettings{});
}

TEST(Text, MayBeginWithAByteOrderMarkAndEndLinesLikeWindows) {
    const LoadedPolicy loaded = load("\xEF\xBB\xBFversion: 1\r\nlimits:\r\n  max_cpu_percent: 80\r\n");
    EXPECT_EQ(loaded.policy.limits.max_cpu, CpuPercent{80});
    EXPECT_EQ(loaded.origins.find("limits.max_cpu_percent")->second.line, 3);
}

TEST(Message, NamesFileLineAndColumn) {
    EXPECT_EQ((PolicyError{"p.yaml", 12, 5, "unknown key 'x'"}).message(),
              "p.yaml:12:5: unknown key 'x'");
    EXPECT_EQ((PolicyError{"p.yaml", 0, 0, "this is a directory"}).message(),
              "p.yaml: this is a directory");
}
