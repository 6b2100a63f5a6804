// The JSON Schema against the table of keys and against the loader: editors must neither underline
// what loads nor praise what does not.
#include "policy/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "load_text.h"
#include "policy/keys.h"
#include "policy/yaml_document.h"
#include "schema_validator.h"

using namespace reaper;
using namespace reaper::policy;
using nlohmann::json;

namespace {

const json& schema() {
    static const json parsed = json::parse(policy_schema());
    return parsed;
}

/// A YAML tree as editors see it, by YAML's core schema.
json to_json(const YamlNode& node) {
    switch (node.kind) {
        case YamlNode::Kind::null:
            return nullptr;
        case YamlNode::Kind::sequence: {
            json list = json::array();
            for (const YamlNode& item : node.items) list.push_back(to_json(item));
            return list;
        }
        case YamlNode::Kind::mapping: {
            json mapping = json::object();
            for (const YamlEntry& entry : node.entries) mapping[entry.key.text] = to_json(entry.value);
            return mapping;
        }
        case YamlNode::Kind::scalar:
            break;
    }
    switch (scalar_type(node)) {
        case ScalarType::boolean:
            return node.text == "true";
        case ScalarType::number:
            return number_of(node);
        case ScalarType::text:
            break;
    }
    return node.text;
}

bool fits_schema(const std::string& text) {
    const auto root = read_yaml(text);
    EXPECT_TRUE(root) << text;
    return root && test::fits(to_json(*root), schema());
}

/// Documents that load and fit, by what they show.
const std::vector<std::string> kGood = {
    "version: 1",
    "version: 1\nname: x\nmode: observe",
    "version: 1.0",
    "version: 1\ndaemon:\nlimits:\nrules:\nservers:\nclients:\nexempt:\nprotect:",
    "version: 1\nrules: { orphan: , zombie: {} }",
    "version: 1\ndaemon: { health_check_interval: 1, cleanup_interval: 1d }",
    "version: 1\nlimits: { max_instances_per_type: none, max_cpu_percent: none, max_memory_mb: none, "
    "max_age_seconds: none, warning_cpu_percent: none, warning_memory_mb: none }",
    "version: 1\nlimits: { max_instances_per_type: 10000, max_cpu_percent: 102400, max_memory_mb: "
    "16777216, "
    "max_age_seconds: 315360000 }",
    "version: 1\nlimits: { max_cpu_percent: 80%, max_memory_mb: 1.5GB, max_age_seconds: 2h }",
    "version: 1\nlimits: { max_cpu_percent: '80', max_memory_mb: '500 MiB', max_age_seconds: '90' }",
    "version: 1\nlimits: { max_cpu_percent: 12.5, max_memory_mb: 0x100, max_age_seconds: 1e3 }",
    "version: 1\nrules: { orphan: { after_seconds: 0, action: freeze, else: throttle, spare: nothing, "
    "enabled: true } }",
    "version: 1\nrules: { duplicate: { per: host }, superseded: { idle_seconds: 10m }, over_age: { "
    "action: report } }",
    "version: 1\nterminate:\nthrottle:\nbudget:\nhistory:",
    "version: 1\nterminate: { grace_seconds: 0 }\nthrottle: { cpu_percent: 150%, cpu_weight: 10000, "
    "memory_max_mb: none, pids_max: none }",
    "version: 1\nthrottle: { memory_max_mb: 2GB, pids_max: 16 }\nbudget: { kills_per_minute: 10000, "
    "respawns: 1, respawn_window_seconds: 1m, pause_seconds: 1d }\nhistory: { keep_seconds: 30d, "
    "max_size_mb: 1GB }",
    "version: 1\nrules: { orphan: { action: [terminate] }, over_cpu: { action: [report, throttle after "
    "5m, freeze after 10 m, terminate after 3600] }, over_age: { action: [terminate after 1d] } }",
    "version: 1\ndaemon: { drain_seconds: 600, unhealthy_servers: none }",
    "version: 1\ndaemon: { drain_seconds: 1s, unhealthy_servers: 20 }",
    "version: 1\npressure:\nevents:\nhooks:",
    "version: 1\npressure: { enabled: false, stall_percent: 100%, lasts_seconds: 1d, spare: nothing, "
    "limits: { max_memory_mb: none } }",
    "version: 1\npressure: { limits: }",
    "version: 1\nevents: { journal: false, log: none, log_size_mb: 1GB, log_files: 1 }",
    "version: 1\nevents: { log: /var/log/x.jsonl }",
    "version: 1\nhooks: [{ command: /bin/x }, { command: [/bin/x, --y, 'a b'], events: [finding, "
    "hook_failed], timeout_seconds: 600 }]",
    "version: 1\nrules: { unresponsive: { for_seconds: 0, action: terminate, spare: nothing, else: "
    "throttle } }",
    "version: 1\nservers: [{ type: a, match: x, health: }, { type: b, match: y, health: { http: "
    "'http://127.0.0.1:{port}/health', interval_seconds: 1, timeout_seconds: 60, failures: 100 } }]",
    "version: 1\nservers: [{ type: a, match: x, health: { http: 'http://localhost' } }, { type: b, "
    "match: y, health: { http: 'http://[::1]:8080/a?b=c' } }]",
    "version: 1\nservers: []",
    "version: 1\nservers: [{ type: a, match: x }, { type: b.c_d-1, match: [x, y], match_line: false, "
    "listens: helper }]",
    "version: 1\nservers: [{ type: a, match: x, limits: { max_memory_mb: none } }, { type: b, match: y, "
    "limits: }]",
    "version: 1\nclients: [{ name: Zed Editor, match: '^zed$' }]",
    "version: 1\nexempt: [{ user: 1000 }, { user: dev }, { cgroup: x, rules: [orphan, over_cpu] }]",
    "version: 1\nprotect: [{ type: a, client: b, user: c, cgroup: d, match: e }]",
};

/// Documents that neither load nor fit.
const std::vector<std::string> kBad = {
    "{}",
    "version: 2",
    "version: '1'",
    "version: ~",
    "- version: 1",
    "text",
    "version: 1\nfoo: 1",
    "version: 1\nname: 5",
    "version: 1\nname: ''",
    "version: 1\nmode: Observe",
    "version: 1\nmode: [observe]",
    "version: 1\ndaemon: []",
    "version: 1\ndaemon: { interval: 5 }",
    "version: 1\ndaemon: { cleanup_interval: 0 }",
    "version: 1\ndaemon: { cleanup_interval: none }",
    "version: 1\ndaemon: { cleanup_interval: 1.5 }",
    "version: 1\nlimits: { max_instances_per_type: '4' }",
    "version: 1\nlimits: { max_instances_per_type: 0 }",
    "version: 1\nlimits: { max_instances_per_type: 1.5 }",
    "version: 1\nlimits: { max_cpu_percent: 0.5 }",
    "version: 1\nlimits: { max_cpu_percent: 80 percent }",
    "version: 1\nlimits: { max_cpu_percent: true }",
    "version: 1\nlimits: { max_cpu_percent: ~ }",
    "version: 1\nlimits: { max_memory_mb: 2TB }",
    "version: 1\nlimits: { max_memory_mb: 17777216 }",
    "version: 1\nlimits: { max_age_seconds: 1h30m }",
    "version: 1\nlimits: { max_age_seconds: 1.5h }",
    "version: 1\nlimits: { max_age_seconds: None }",
    "version: 1\nrules: { orphans: {} }",
    "version: 1\nrules: { orphan: report }",
    "version: 1\nrules: { orphan: { for_seconds: 3 } }",
    "version: 1\nrules: { orphan: { after_seconds: none } }",
    "version: 1\nrules: { over_cpu: { after_seconds: 3 } }",
    "version: 1\nrules: { over_cpu: { else: terminate } }",
    "version: 1\nrules: { over_cpu: { enabled: yes } }",
    "version: 1\nrules: { over_age: { per: host } }",
    "version: 1\nrules: { duplicate: { per: session } }",
    "version: 1\nterminate: { grace_seconds: 601 }",
    "version: 1\nterminate: { grace_seconds: none }",
    "version: 1\nterminate: { grace: 10 }",
    "version: 1\nthrottle: { cpu_percent: none }",
    "version: 1\nthrottle: { cpu_percent: 0 }",
    "version: 1\nthrottle: { cpu_weight: 0 }",
    "version: 1\nthrottle: { cpu_weight: 10001 }",
    "version: 1\nthrottle: { memory_max_mb: 15 }",
    "version: 1\nthrottle: { pids_max: 15 }",
    "version: 1\nbudget: { kills_per_minute: 0 }",
    "version: 1\nbudget: { kills_per_minute: 10001 }",
    "version: 1\nbudget: { respawns: 0 }",
    "version: 1\nbudget: { pause_seconds: 0 }",
    "version: 1\nhistory: { keep_seconds: 600 }",
    "version: 1\nhistory: { max_size_mb: none }",
    "version: 1\nrules: { orphan: { action: [] } }",
    "version: 1\nrules: { orphan: { action: [kill] } }",
    "version: 1\nrules: { orphan: { action: throttle after 5m } }",
    "version: 1\nrules: { orphan: { action: [throttle after soon] } }",
    "version: 1\nrules: { orphan: { action: [throttle in 5m] } }",
    "version: 1\nrules: { orphan: { action: [{ throttle: 5m }] } }",
    "version: 1\ndaemon: { drain_seconds: 0 }",
    "version: 1\ndaemon: { drain_seconds: none }",
    "version: 1\ndaemon: { unhealthy_servers: 0 }",
    "version: 1\npressure: []",
    "version: 1\npressure: { stall_percent: 101 }",
    "version: 1\npressure: { lasts_seconds: 0 }",
    "version: 1\npressure: { spare: all }",
    "version: 1\npressure: { max_memory_mb: 300 }",
    "version: 1\npressure: { limits: { memory: 300 } }",
    "version: 1\nevents: { log: events.jsonl }",
    "version: 1\nevents: { log: /var/log/ }",
    "version: 1\nevents: { log: [/var/log/x] }",
    "version: 1\nevents: { log_files: 0 }",
    "version: 1\nevents: { log_size_mb: none }",
    "version: 1\nhooks: { command: /bin/x }",
    "version: 1\nhooks: [/bin/x]",
    "version: 1\nhooks: [{ events: [action] }]",
    "version: 1\nhooks: [{ command: notify }]",
    "version: 1\nhooks: [{ command: [] }]",
    "version: 1\nhooks: [{ command: [/bin/x, 5] }]",
    "version: 1\nhooks: [{ command: /bin/x, events: [] }]",
    "version: 1\nhooks: [{ command: /bin/x, events: [actions] }]",
    "version: 1\nhooks: [{ command: /bin/x, events: [action, action] }]",
    "version: 1\nhooks: [{ command: /bin/x, events: action }]",
    "version: 1\nhooks: [{ command: /bin/x, timeout_seconds: none }]",
    "version: 1\nrules: { unresponsive: { after_seconds: 3 } }",
    "version: 1\nservers: [{ type: a, match: x, health: { failures: 2 } }]",
    "version: 1\nservers: [{ type: a, match: x, health: 'http://127.0.0.1/' }]",
    "version: 1\nservers: [{ type: a, match: x, health: { http: 'http://10.0.0.1:{port}/' } }]",
    "version: 1\nservers: [{ type: a, match: x, health: { http: 'http://127.0.0.1@evil.example/' } }]",
    "version: 1\nservers: [{ type: a, match: x, health: { http: 'http://localhost.evil.example/' } }]",
    "version: 1\nservers: [{ type: a, match: x, health: { http: 'https://127.0.0.1/' } }]",
    "version: 1\nservers: [{ type: a, match: x, health: { http: 'http://127.0.0.1:{ports}/' } }]",
    "version: 1\nservers: [{ type: a, match: x, health: { http: 'http://127.0.0.1:0/' } }]",
    "version: 1\nservers: [{ type: a, match: x, health: { http: 'http://127.0.0.1/a b' } }]",
    "version: 1\nservers: [{ type: a, match: x, health: { http: 'http://127.0.0.1/', failures: 0 } }]",
    "version: 1\nservers: { type: a, match: x }",
    "version: 1\nservers: [playwright]",
    "version: 1\nservers: [{ type: a }]",
    "version: 1\nservers: [{ match: a }]",
    "version: 1\nservers: [{ type: A, match: x }]",
    "version: 1\nservers: [{ type: 5, match: x }]",
    "version: 1\nservers: [{ type: a, match: [] }]",
    "version: 1\nservers: [{ type: a, match: '' }]",
    "version: 1\nservers: [{ type: a, match: [x, 5] }]",
    "version: 1\nservers: [{ type: a, match: x, listens: yes }]",
    "version: 1\nservers: [{ type: a, match: x, match_line: 1 }]",
    "version: 1\nservers: [{ type: a, match: x, limits: { max_memory: 3 } }]",
    "version: 1\nclients: [{ name: a }]",
    "version: 1\nclients: [{ name: a, match: [x] }]",
    "version: 1\nexempt: [{}]",
    "version: 1\nexempt: [{ rules: [orphan] }]",
    "version: 1\nexempt: [{ type: a, rules: [] }]",
    "version: 1\nexempt: [{ type: a, rules: [orphan, orphan] }]",
    "version: 1\nexempt: [{ type: a, rules: orphan }]",
    "version: 1\nexempt: [{ user: -1 }]",
    "version: 1\nexempt: [{ user: 1.5 }]",
    "version: 1\nprotect: [{}]",
    "version: 1\nprotect: [{ type: a, rules: [orphan] }]",
};

/// What a schema cannot say: fits, and does not load.
const std::vector<std::string> kBeyondSchema = {
    "version: 1\nlimits: { max_age_seconds: 9999999d }",
    "version: 1\nlimits: { max_memory_mb: 10, warning_memory_mb: 10 }",
    "version: 1\nrules: { over_cpu: { action: report, else: throttle } }",
    "version: 1\nrules: { over_cpu: { action: [report after 5m], else: throttle } }",
    "version: 1\nrules: { over_cpu: { action: [throttle, report after 5m] } }",
    "version: 1\nrules: { over_cpu: { action: [report after 5m, throttle after 5m] } }",
    "version: 1\nservers: [{ type: a, match: x }, { type: a, match: y }]",
    "version: 1\nmode: \"${REAPER_NOT_SET}\"",
    "version: 1\nlimits: { max_memory_mb: \"${REAPER_NOT_SET}\", max_instances_per_type: "
    "\"${REAPER_NOT_SET}\" }",
    "version: 1\nrules: { orphan: { enabled: \"${REAPER_NOT_SET}\" } }",
    "version: 1\nservers: [{ type: a, match: '(' }]",
    "version: 1\nservers: [{ type: a, match: '.*' }]",
    "version: 1\nprotect: [{ cgroup: '[' }]",
    "version: 1\nhooks: [{ command: [notify, /bin/x] }]",
    "version: 1\nhooks: [{ command: /bin/x --y }]",
    "version: 1\nservers: [{ type: a, match: x, health: { http: 'http://127.0.0.1:65536/' } }]",
    "version: 1\npressure: { limits: { max_memory_mb: 100, warning_memory_mb: 100 } }",
};

template <typename T>
void expect_keys(const json& mapping, std::span<const Field<T>> fields,
                 std::vector<std::string> others = {}) {
    for (const Field<T>& field : fields) {
        const std::string name(field.key.name);
        ASSERT_TRUE(mapping["properties"].contains(name)) << name;
        const std::string description = mapping["properties"][name]["description"];
        EXPECT_TRUE(description.starts_with(field.key.help)) << name;
    }
    EXPECT_EQ(mapping["properties"].size(), fields.size() + others.size());
    EXPECT_EQ(mapping["additionalProperties"], false);
}

}  // namespace

TEST(Schema, IsTheFileInPolicies) {
    EXPECT_EQ(test::policy_file("policy.schema.json"), policy_schema())
        << "write it again: mcp-reaper policy schema > policies/policy.schema.json";
}

TEST(Schema, HasEveryKeyOfTheTableAndNoOther) {
    const json& top = schema();
    EXPECT_EQ(top["$schema"], "http://json-schema.org/draft-07/schema#");
    std::vector<std::string> names;
    for (const Section& section : sections()) names.emplace_back(section.name);
    expect_keys(top, policy_fields(), names);
    const Policy builtin;
    const json& keys = top["properties"];
    expect_keys(keys["daemon"], daemon_fields());
    expect_keys(keys["limits"], limit_fields());
    EXPECT_EQ(keys["rules"]["properties"].size(), kRules.size());
    for (const Rule rule : kRules) {
        expect_keys(keys["rules"]["properties"][std::string(to_string(rule))], rule_fields(rule));
    }
    visit_settings(builtin, [&](const std::string& section, auto fields, const auto&) {
        if (section == "pressure") {
            expect_keys(keys[section], fields, {"limits"});
        } else {
            expect_keys(keys[section], fields);
        }
    });
    expect_keys(keys["pressure"]["properties"]["limits"], limit_fields());
    expect_keys(keys["hooks"]["items"], hook_fields());
    expect_keys(keys["servers"]["items"], server_fields(), {"limits", "health", "guard"});
    expect_keys(keys["servers"]["items"]["properties"]["health"], health_fields());
    expect_keys(keys["servers"]["items"]["properties"]["guard"], guard_fields());
    expect_keys(keys["servers"]["items"]["properties"]["limits"], limit_fields());
    expect_keys(keys["clients"]["items"], client_fields());
    expect_keys(keys["exempt"]["items"], exempt_fields());
    expect_keys(keys["protect"]["items"], protect_fields());
}

TEST(Schema, TellsTheBuiltInValues) {
    const json& rules = schema()["properties"]["rules"]["properties"];
    EXPECT_EQ(rules["orphan"]["properties"]["after_seconds"]["default"], 30);
    EXPECT_EQ(rules["over_cpu"]["properties"]["action"]["default"], "throttle");
    EXPECT_EQ(rules["duplicate"]["properties"]["per"]["default"], "client");
    const json& keys = schema()["properties"];
    EXPECT_EQ(keys["terminate"]["properties"]["grace_seconds"]["default"], 10);
    EXPECT_EQ(keys["throttle"]["properties"]["memory_max_mb"]["default"], "none");
    EXPECT_EQ(keys["daemon"]["properties"]["unhealthy_servers"]["default"], "none");
    EXPECT_EQ(keys["events"]["properties"]["log"]["default"], "none");
    EXPECT_EQ(keys["hooks"]["items"]["properties"]["timeout_seconds"]["default"], 10);
    EXPECT_EQ(keys["budget"]["properties"]["kills_per_minute"]["default"], 20);
}

TEST(Schema, FitsWhatLoads) {
    for (const std::string& text : kGood) {
        EXPECT_TRUE(test::mistakes(text).empty()) << text << "\n" << test::mistakes(text).front();
        EXPECT_TRUE(fits_schema(text)) << text;
    }
}

TEST(Schema, RefusesWhatDoesNotLoad) {
    for (const std::string& text : kBad) {
        EXPECT_FALSE(test::mistakes(text).empty()) << text;
        EXPECT_FALSE(fits_schema(text)) << text;
    }
}

TEST(Schema, IsMilderThanTheLoaderOnlyWhereItMustBe) {
    for (const std::string& text : kBeyondSchema) {
        EXPECT_FALSE(test::mistakes(text).empty()) << text;
        EXPECT_TRUE(fits_schema(text)) << text;
    }
}

TEST(Schema, FitsThePoliciesThatAreShipped) {
    for (const char* name : {"default.yaml", "crash-prevention.yaml", "strict.yaml"}) {
        EXPECT_TRUE(fits_schema(test::policy_file(name))) << name;
    }
}

TEST(Schema, UsesNothingThatTheValidatorOfThisTestDoesNotKnow) {
    EXPECT_EQ(test::unknown_keywords(schema()), std::vector<std::string>{});
}
