// The policies that are shipped: each says what its first lines promise.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "load_text.h"

using namespace reaper;
using namespace reaper::policy;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::StartsWith;

namespace {

LoadedPolicy shipped(const std::string& name) {
    LoadResult loaded = parse_policy(test::policy_file(name), name);
    if (!loaded) ADD_FAILURE() << loaded.error().front().message();
    return std::move(loaded.value());
}

/// The type whose pattern takes a program slot; empty where none does.
std::string type_of(const std::string& slot) {
    static const LoadedPolicy standard = shipped("default.yaml");
    const auto index = standard.classifier.match_slot(slot);
    return index ? standard.classifier.types()[*index].type : std::string{};
}

}  // namespace

TEST(ShippedPolicies, LoadAndNameTheirSchema) {
    for (const char* name : {"default.yaml", "crash-prevention.yaml", "strict.yaml"}) {
        const LoadedPolicy loaded = shipped(name);
        EXPECT_EQ(loaded.policy.name + ".yaml", name);
        EXPECT_EQ(loaded.policy.mode, Mode::enforce);
        EXPECT_THAT(test::policy_file(name),
                    StartsWith("# yaml-language-server: $schema=policy.schema.json\n"));
    }
}

TEST(DefaultPolicy, IsTheOneThatIsBuiltIn) {
    EXPECT_EQ(default_policy_text(), test::policy_file("default.yaml"));
    const LoadResult builtin = default_policy();
    ASSERT_TRUE(builtin) << builtin.error().front().message();
    EXPECT_EQ(builtin->policy.name, "default");
}

TEST(DefaultPolicy, NeverTouchesAServerWhoseClientLives) {
    const Policy policy = shipped("default.yaml").policy;
    for (const Rule rule : kRules) {
        EXPECT_EQ(policy.rule(rule).spare, Spare::in_use) << to_string(rule);
        EXPECT_EQ(policy.rule(rule).otherwise, Action::report) << to_string(rule);
        EXPECT_TRUE(policy.rule(rule).enabled) << to_string(rule);
    }
    EXPECT_EQ(policy.rule(Rule::duplicate).per, Scope::client);
    EXPECT_GE(policy.rule(Rule::orphan).hold, seconds(30));
}

TEST(DefaultPolicy, ActsWithTheBuiltInRestraint) {
    const Policy policy = shipped("default.yaml").policy;
    EXPECT_EQ(policy.terminate.grace, seconds(10));
    EXPECT_FALSE(policy.throttle.memory_max) << "a memory limit is a slow kill";
    EXPECT_FALSE(policy.throttle.pids_max);
    EXPECT_EQ(policy.budget.kills_per_minute, 20U);
    EXPECT_EQ(policy.budget.respawns, 5U);
    EXPECT_EQ(policy.budget.respawn_window, seconds(60));
    EXPECT_EQ(policy.budget.pause, seconds(300));
    const Policy builtin = builtin_defaults();
    EXPECT_EQ(policy.throttle.cpu, builtin.throttle.cpu);
    EXPECT_EQ(policy.throttle.cpu_weight, builtin.throttle.cpu_weight);
    EXPECT_EQ(policy.history.keep, builtin.history.keep);
    EXPECT_EQ(policy.history.max_size, builtin.history.max_size);
}

TEST(DefaultPolicy, KnowsAtLeastFortyTypes) {
    const Policy policy = shipped("default.yaml").policy;
    std::set<std::string> types;
    for (const ServerType& server : policy.servers) types.insert(server.type);
    EXPECT_GE(types.size(), 40U);
    EXPECT_EQ(types.size(), policy.servers.size());
}

TEST(DefaultPolicy, GivesBrowsersRoomAndBridgesNumber) {
    const Policy policy = shipped("default.yaml").policy;
    EXPECT_EQ(policy.limits_for("filesystem").max_memory, Bytes::from_mib(1000));
    EXPECT_EQ(policy.limits_for("never-heard-of").max_instances_per_type, 4U);
    for (const char* browser : {"playwright", "chrome-devtools", "puppeteer"}) {
        EXPECT_EQ(policy.limits_for(browser).max_memory, Bytes::from_mib(2000)) << browser;
    }
    for (const char* bridge : {"mcp-remote", "mcp-proxy", "supergateway"}) {
        EXPECT_FALSE(policy.limits_for(bridge).max_instances_per_type) << bridge;
    }
}

TEST(DefaultPolicy, KnowsServersUnderAllTheirNames) {
    const std::map<std::string, std::vector<std::string>> names = {
        {"filesystem",
         {"@modelcontextprotocol/server-filesystem", "mcp-server-filesystem", "mcp/filesystem"}},
        {"git", {"mcp-server-git", "mcp_server_git", "mcp/git", "docker.io/mcp/git"}},
        {"github", {"ghcr.io/github/github-mcp-server", "github-mcp-server stdio", "mcp-server-github"}},
        {"fetch", {"mcp-server-fetch", "mcp-fetch-server", "mcp_server_fetch", "mcp/fetch"}},
        {"playwright", {"@playwright/mcp", "playwright-mcp", "mcr.microsoft.com/playwright/mcp"}},
        {"chrome-devtools", {"chrome-devtools-mcp"}},
        {"sequential-thinking",
         {"@modelcontextprotocol/server-sequential-thinking", "mcp/sequentialthinking"}},
        {"postgres", {"mcp-server-postgres", "postgresql-mcp-server", "mcp-postgres"}},
        {"kubernetes",
         {"kubernetes-mcp-server", "kubernetes-mcp-server-darwin-arm64", "mcp-server-kubernetes"}},
        {"serena", {"serena start-mcp-server", "serena-mcp-server"}},
        {"shadcn", {"shadcn mcp"}},
        {"angular", {"ng mcp", "@angular/cli mcp"}},
        {"magic", {"@21st-dev/magic"}},
        {"dbhub", {"@bytebase/dbhub", "@bytebase/dbhub --transport"}},
        {"mongodb-lens", {"mongodb-lens"}},
        {"task-master", {"task-master-ai", "task-master-ai --stdio"}},
        {"wcgw", {"wcgw", "wcgw_mcp"}},
        {"mcp-remote", {"mcp-remote"}},
        {"jetbrains", {"@jetbrains/mcp-proxy"}},
        {"mcp-proxy", {"mcp-proxy"}},
    };
    for (const auto& [type, slots] : names) {
        for (const std::string& slot : slots) EXPECT_EQ(type_of(slot), type) << slot;
    }
}

TEST(DefaultPolicy, DoesNotTakeOneNameForAnother) {
    for (const char* slot : {"mcp-server-gitea", "mcp-server-github-actions", "mcp-server-timescale",
                             "mcp-server-memory-bank", "mcp-server-everything-search",
                             "@modelcontextprotocol/server-filesystems", "mcp/gitops"}) {
        EXPECT_EQ(type_of(slot), "") << slot;
    }
    EXPECT_EQ(type_of("fetcher-mcp"), "fetcher");
    EXPECT_EQ(type_of("mcp-server-github"), "github");
}

TEST(DefaultPolicy, DoesNotTakeToolsForServers) {
    for (const char* slot : {"playwright",
                             "@playwright/test",
                             "git",
                             "chroma",
                             "postgres",
                             "redis-server",
                             "shadcn",
                             "shadcn add",
                             "ng",
                             "ng serve",
                             "prisma",
                             "prisma generate",
                             "nx",
                             "nx build",
                             "task-master-ai init",
                             "serena",
                             "claude",
                             "claude mcp",
                             "codex",
                             "semgrep",
                             "time",
                             "fetch",
                             "memory",
                             "sqlite3",
                             "server",
                             "server-time",
                             "mcp",
                             "firebase-tools",
                             "desktop-commander setup",
                             "stripe",
                             "figma",
                             "notion",
                             ""}) {
        EXPECT_EQ(type_of(slot), "") << slot;
    }
}

TEST(CrashPrevention, IsTheClassic) {
    const Policy policy = shipped("crash-prevention.yaml").policy;
    EXPECT_EQ(policy.daemon.health_check_interval, seconds(60));
    EXPECT_EQ(policy.daemon.cleanup_interval, seconds(60));
    EXPECT_EQ(policy.daemon.unhealthy_servers, 20U);
    EXPECT_EQ(policy.limits.max_instances_per_type, 2U);
    EXPECT_EQ(policy.limits.max_cpu, CpuPercent{80});
    EXPECT_EQ(policy.limits.max_memory, Bytes::from_mib(500));
    EXPECT_EQ(policy.limits.max_age, seconds(7200));
    EXPECT_EQ(policy.limits.warning_cpu, CpuPercent{70});
    EXPECT_EQ(policy.limits.warning_memory, Bytes::from_mib(300));
    EXPECT_EQ(policy.rule(Rule::duplicate).per, Scope::host);
    for (const Rule rule :
         {Rule::zombie, Rule::duplicate, Rule::over_age, Rule::over_cpu, Rule::over_memory}) {
        EXPECT_TRUE(policy.rule(rule).enabled) << to_string(rule);
        EXPECT_EQ(policy.rule(rule).action, Action::terminate) << to_string(rule);
        EXPECT_EQ(policy.rule(rule).spare, Spare::nothing) << to_string(rule);
    }
}

TEST(CrashPrevention, HasExactlyItsSevenTypes) {
    std::vector<std::pair<std::string, std::string>> types;
    for (const ServerType& server : shipped("crash-prevention.yaml").policy.servers) {
        ASSERT_EQ(server.match.size(), 1U);
        types.emplace_back(server.type, server.match.front());
    }
    using Pair = std::pair<std::string, std::string>;
    EXPECT_THAT(
        types,
        ElementsAre(Pair{"chrome-devtools", "chrome-devtools-mcp"}, Pair{"duckduckgo", "duckduckgo-mcp"},
                    Pair{"playwright", "playwright.*mcp"}, Pair{"filesystem", "mcp-server-filesystem"},
                    Pair{"supabase", "supabase.*mcp"},
                    Pair{"sequential-thinking", "sequential-thinking"}, Pair{"fetch", "mcp.*fetch"}));
}

TEST(Strict, IsTighterThanTheDefaultAndSparesWhatIsInUse) {
    const Policy strict = shipped("strict.yaml").policy;
    const Policy standard = shipped("default.yaml").policy;
    EXPECT_LT(strict.limits.max_instances_per_type, standard.limits.max_instances_per_type);
    EXPECT_LT(strict.limits.max_cpu, standard.limits.max_cpu);
    EXPECT_LT(strict.limits.max_memory, standard.limits.max_memory);
    EXPECT_LT(strict.limits.max_age, standard.limits.max_age);
    EXPECT_LT(strict.rule(Rule::orphan).hold, standard.rule(Rule::orphan).hold);
    for (const Rule rule : kRules) {
        EXPECT_EQ(strict.rule(rule).spare, Spare::in_use) << to_string(rule);
        EXPECT_LE(strict.rule(rule).otherwise, Action::throttle) << to_string(rule);
    }
}
