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
    expect_equal(server_fields(), a.servers, b.servers);
    for (std::size_t i = 0; i < a.servers.size(); ++i) {
        EXPECT_EQ(values(limit_fields(), a.servers[i].limits),
                  values(limit_fields(), b.servers[i].limits));
    }
    expect_equal(client_fields(), a.clients, b.clients);
    expect_equal(exempt_fields(), a.exempt, b.exempt);
    expect_equal(protect_fields(), a.protect, b.protect);
}

constexpr const char* kEverything = R"(version: 1
name: 'it''s # all'
mode: observe
limits: { max_cpu_percent: 80.5, max_memory_mb: 1.25GB, max_age_seconds: none, warning_memory_mb: 0.3GB }
rules:
  orphan: { after_seconds: 0, enabled: false, spare: nothing, action: freeze, else: throttle }
  duplicate: { per: host }
servers:
  - { type: 1password, match: 'it''s|#|"', match_line: true, listens: helper }
  - { type: null-x, match: [ 'a: b', '- c', '{d}' ], limits: { max_memory_mb: none, max_age_seconds: 2h } }
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
