// `policy show`: the policy in force as a file that says the same, with the place of every value.
#include "policy/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "load_text.h"
#include "policy/keys.h"

using namespace reaper;
using namespace reaper::policy;
using test::load;
using ::testing::HasSubstr;

namespace {

template <typename T>
std::vector<Value> values(std::span<const Field<T>> fields, const T& target) {
    std::vector<Value> all;
    for (const Field<T>& field : fields) all.push_back(field.get(target));
    return all;
}

template <typename T>
void expect_equal(std::span<const Field<T>> fields, const std::vector<T>& a, const std::vector<T>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
        EXPECT_EQ(values(fields, a[i]), values(fields, b[i])) << i;
}

void expect_same_policy(const Policy& a, const Policy& b) {
    EXPECT_EQ(values(policy_fields(), a), values(policy_fields(), b));
    EXPECT_EQ(values(daemon_fields(), a.daemon), values(daemon_fields(), b.daemon));
    EXPECT_EQ(values(limit_fields(), a.limits), values(limit_fields(), b.limits));
    for (const Rule rule : kRules) {
        EXPECT_EQ(values(rule_fields(rule), a.rule(rule)), values(rule_fields(rule), b.rule(rule)));
    }
    std::vector<std::vector<Value>> settings;
    const auto note = [&](const std::string&, auto fields, const auto& section) {
        settings.push_back(values(fields, section));
    };
    visit_settings(a, note);
    visit_settings(b, note);
    ASSERT_EQ(settings.size(), 14U);
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(settings[i], settings[i + 7]) << i;
    EXPECT_EQ(values(limit_fields(), a.pressure.limits), values(limit_fields(), b.pressure.limits));
    expect_equal(hook_fields(), a.hooks, b.hooks);
    expect_equal(server_fields(), a.servers, b.servers);
    for (std::size_t i = 0; i < a.servers.size(); ++i) {
        EXPECT_EQ(values(limit_fields(), a.servers[i].limits),
                  values(limit_fields(), b.servers[i].limits));
        EXPECT_EQ(values(guard_fields(), a.guard_for(a.servers[i].type)),
                  values(guard_fields(), b.guard_for(b.servers[i].type)));
        ASSERT_EQ(a.servers[i].health.has_value(), b.servers[i].health.has_value());
        if (!a.servers[i].health) continue;
        EXPECT_EQ(values(health_fields(), *a.servers[i].health),
                  values(health_fields(), *b.servers[i].health));
    }
    expect_equal(client_fields(), a.clients, b.clients);
    expect_equal(exempt_fields(), a.exempt, b.exempt);
    expect_equal(protect_fields(), a.protect, b.protect);
}

constexpr const char* kEverything = R"(version: 1
name: 'it''s # all'
mode: observe
limits: { max_cpu_percent: 80.5, max_memory_mb: 1.25GB, max_age_seconds: none, warning_memory_mb: 0.3GB }
daemon: { drain_seconds: 20, unhealthy_servers: 7 }
rules:
  unresponsive: { for_seconds: 5m, action: terminate, spare: nothing }
  orphan: { after_seconds: 0, enabled: false, spare: nothing, action: freeze, else: throttle }
  duplicate: { per: host }
  over_cpu: { action: [report after 90s, throttle after 5m, freeze after 2h, terminate after 1d] }
terminate: { grace_seconds: 20 }
throttle: { cpu_percent: 12.5, cpu_weight: 5, memory_max_mb: 1.5GB, pids_max: 100 }
budget: { kills_per_minute: 7, respawns: 3, respawn_window_seconds: 30, pause_seconds: 10m }
history: { keep_seconds: 30d, max_size_mb: 10 }
pressure: { stall_percent: 20%, lasts_seconds: 1m, spare: nothing, limits: { max_memory_mb: 300 } }
events: { journal: false, log: '/var/log/it''s.jsonl', log_size_mb: 1.5, log_files: 2 }
guard: { at_limit: refuse, max_request_mb: 2, call_timeout_seconds: 2m, ping_seconds: none, cpu_percent: 150, memory_max_mb: 2GB }
hooks:
  - { command: ['/usr/bin/a b', '--x: {y}'], events: [action, server_started], timeout_seconds: 3 }
  - { command: [/bin/true, '$${HOME} $${x} ${'] }
servers:
  - { type: 1password, match: 'it''s|#|"', match_line: true, listens: helper }
  - { type: null-x, match: [ 'a: b', '- c', '{d}' ], limits: { max_memory_mb: none, max_age_seconds: 2h } }
  - { type: asked, match: asked, health: { http: 'http://127.0.0.1:{port}/h?a=b', failures: 1 } }
  - { type: kept, match: kept, guard: { restarts: 9, cpu_percent: none, at_limit: allow } }
clients:
  - { name: 'Zed: "the" editor', match: '^zed$' }
exempt:
  - { user: 1000, rules: [orphan, over_cpu] }
  - { user: '007x', client: 'true' }
protect:
  - { cgroup: '/system\.slice', match: "\\d" , client: 'null' }
)";

}  // namespace

TEST(Describe, LoadsBackToTheSamePolicy) {
    for (const std::string& text :
         {std::string(kEverything), std::string("version: 1\n"),
          std::string("version: 1\nservers: []\n"), test::policy_file("default.yaml"),
          test::policy_file("crash-prevention.yaml"), test::policy_file("strict.yaml")}) {
        const LoadedPolicy loaded = load(text);
        expect_same_policy(load(describe(loaded)).policy, loaded.policy);
    }
}

TEST(Describe, SaysTheSameWhenItIsRepeated) {
    const LoadedPolicy once = load(kEverything);
    const LoadedPolicy twice = load(describe(once));
    const std::string again = describe(load(describe(twice)));
    EXPECT_EQ(describe(twice), again);
}

TEST(Describe, TellsWhereEachValueCameFrom) {
    const std::string text =
        describe(load("version: 1\nlimits:\n  max_cpu_percent: 80\n  max_memory_mb: none\n"));
    EXPECT_THAT(text, HasSubstr("\n  max_cpu_percent: 80                       # p.yaml:3\n"));
    EXPECT_THAT(text, HasSubstr("\n  max_memory_mb: none                       # p.yaml:4\n"));
    EXPECT_THAT(text, HasSubstr("\n  max_age_seconds: none                     # built in\n"));
    EXPECT_THAT(text, HasSubstr("\nmode: enforce                               # built in\n"));
}

TEST(Describe, LeavesNoValueWithoutAnOrigin) {
    std::istringstream lines(describe(load(kEverything)));
    for (std::string line; std::getline(lines, line);) {
        const bool heading = line.empty() || line.ends_with(":") || line.find("      - ") == 0;
        EXPECT_TRUE(heading || line.find(" # ") != std::string::npos) << line;
    }
}

TEST(Describe, DoesNotLetAFileNameEndItsComment) {
    const auto loaded = parse_policy("version: 1\n", "a\nmode: observe\n.yaml");
    ASSERT_TRUE(loaded);
    const std::string text = describe(*loaded);
    EXPECT_EQ(text.find("\nmode: observe"), std::string::npos);
    EXPECT_TRUE(parse_policy(text, "again"));
}
