#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "plan_builder.h"
#include "report/outcome_report.h"
#include "report/scan_report.h"
#include "support/snapshot_builder.h"

namespace reaper::report {
namespace {

using nlohmann::json;
using policy::Action;
using policy::Rule;
using policy::Status;
using std::chrono::seconds;
using support::server;
using ::testing::UnorderedElementsAreArray;

ScanContext context() {
    ScanContext made;
    made.policy = "default (built in)";
    made.users = {{1000, "dev"}};
    return made;
}

scan::Snapshot mixed() {
    scan::Snapshot snapshot =
        support::snapshot()
            .with(server(4711).type("playwright").orphaned().npx().cpu(98.2468).memory_mib(312))
            .with(server(4702).client("claude", 4650).memory_incomplete())
            .with(server(4812).type("fetch").orphaned())
            .build();
    snapshot.servers[0].in.inode = 319925;
    snapshot.servers[0].in.maker = 4650;
    return snapshot;
}

policy::Plan plan_of(const scan::Snapshot& snapshot) {
    return PlanBuilder(snapshot)
        .finding(4812, Status::orphan, Rule::orphan, "hung up", Action::terminate, seconds(27))
        .finding(4711, Status::orphan, Rule::orphan, "hung up", Action::terminate)
        .finding(4702, Status::duplicate, Rule::duplicate, "3 of 2", Action::report, seconds(0),
                 "in use")
        .finding(4812, Status::orphan, Rule::over_cpu, "uses 93 % CPU", Action::throttle, seconds(60))
        .then(4812, Action::terminate, seconds(660))
        .warning(4702, "memory 320 MiB, warning at 300 MiB")
        .idle(4711, seconds(99))
        .build();
}

json report() {
    const scan::Snapshot snapshot = mixed();
    return json::parse(to_json(snapshot, plan_of(snapshot), context()));
}

const json& server_of(const json& report, pid_t pid) {
    for (const json& one : report["servers"]) {
        if (one["server_pid"] == pid) return one;
    }
    throw std::out_of_range("no such server");
}

TEST(ScanJson, SaysWhatEachServerIs) {
    const json scan = report();
    EXPECT_EQ(scan["schema"], 1);
    EXPECT_EQ(scan["taken_at"], "2026-09-21T14:13:20.000Z");
    EXPECT_EQ(scan["policy"], "default (built in)");
    EXPECT_EQ(scan["mode"], "enforce");

    const json& one = server_of(scan, 4711);
    EXPECT_EQ(one["id"], support::id_of(4711).text());
    EXPECT_EQ(one["type"], "playwright");
    EXPECT_EQ(one["type_source"], "pattern");
    EXPECT_EQ(one["status"], "orphan");
    EXPECT_EQ(one["pids"], (json{4709, 4710, 4711}));
    EXPECT_EQ(one["launcher"], "npm exec");
    EXPECT_EQ(one["user"], "dev");
    EXPECT_EQ(one["client"], nullptr);
    EXPECT_EQ(one["cpu_percent"], 98.2);
    EXPECT_EQ(one["memory_bytes"], 312 * 1024 * 1024);
    EXPECT_EQ(one["age_seconds"], 600);
    EXPECT_EQ(one["idle_seconds"], 99);
    EXPECT_EQ(one["processes"], 3);
    EXPECT_EQ(one["channel"], "closed");
    EXPECT_EQ(one["channel_evidence"]["stdin"]["events"], "HUP");
    EXPECT_EQ(one["channel_evidence"]["stdin"]["inode"], nullptr);
    EXPECT_EQ(one["standalone"], false);
    EXPECT_EQ(one["findings"][0]["rule"], "orphan");
    EXPECT_EQ(one["findings"][0]["spared"], nullptr);

    const json& other = server_of(scan, 4702);
    EXPECT_EQ(other["client"]["pid"], 4650);
    EXPECT_EQ(other["client"]["name"], "claude");
    EXPECT_EQ(other["client"]["alive"], true);
    EXPECT_EQ(other["cpu_percent"], nullptr);
    EXPECT_EQ(other["launcher"], nullptr);
    EXPECT_EQ(other["memory_complete"], false);
    EXPECT_EQ(other["findings"][0]["spared"], "in use");
}

/// What is left of a playwright server that was seen before it ended.
json left_over_report() {
    const scan::Snapshot snapshot =
        support::snapshot()
            .with(server(4900).type("playwright").left_over(true, support::id_of(4890)))
            .build();
    return json::parse(to_json(snapshot, {}, context()));
}

TEST(ScanJson, SaysWhatALeftOverIsLeftOf) {
    const json one = left_over_report()["servers"][0];
    EXPECT_EQ(one["id"], support::id_of(4900).text());
    EXPECT_EQ(one["server_pid"], nullptr);
    EXPECT_EQ(one["left_over"]["server"], support::id_of(4890).text());
    EXPECT_EQ(one["left_over"]["proven"], true);
    EXPECT_EQ(one["left_over"]["proof"], "its debugging pipe is hung up");
    EXPECT_EQ(server_of(report(), 4711)["left_over"], nullptr);
}

std::vector<Done> one_refusal() {
    Done done;
    done.order.server = support::snapshot().with(server(4900).type("playwright")).build().servers[0];
    done.order.deed = enforce::Deed::terminate;
    done.outcome.effect = enforce::Effect::refused;
    done.outcome.why = "it runs in a container";
    done.outcome.remedy = "docker stop it";
    done.outcome.left = {support::id_of(4900)};
    done.outcome.took = std::chrono::microseconds(1500);
    return {done};
}

json acting_report() {
    const std::vector<Done> done = one_refusal();
    return json::parse(to_json(support::snapshot().build(), {}, context(), &done));
}

TEST(ScanJson, TellsWhatCameOfWhatWasDone) {
    const json one = acting_report()["outcomes"][0];
    EXPECT_EQ(one["server"], support::id_of(4900).text());
    EXPECT_EQ(one["action"], "terminate");
    EXPECT_EQ(one["effect"], "refused");
    EXPECT_EQ(one["why"], "it runs in a container");
    EXPECT_EQ(one["remedy"], "docker stop it");
    EXPECT_EQ(one["ended"], json::array());
    EXPECT_EQ(one["left"], json{support::id_of(4900).text()});
    EXPECT_EQ(one["took_ms"], 1.5);
    EXPECT_FALSE(report().contains("outcomes")) << "a dry run does nothing";
}

TEST(ScanJson, PlansWhatIsDueBeforeWhatIsPending) {
    const json plan = report()["plan"];
    ASSERT_EQ(plan.size(), 2u);
    EXPECT_EQ(plan[0]["server"], support::id_of(4711).text());
    EXPECT_EQ(plan[0]["action"], "terminate");
    EXPECT_EQ(plan[0]["rules"], json{"orphan"});
    EXPECT_EQ(plan[0]["reasons"], json{"hung up"});
    EXPECT_EQ(plan[0]["pending_seconds"], 0);
    EXPECT_EQ(plan[1]["server"], support::id_of(4812).text());
    EXPECT_EQ(plan[1]["pending_seconds"], 27);
}

TEST(ScanJson, TellsTheNextStepOfAnEscalation) {
    const json scan = report();
    EXPECT_EQ(server_of(scan, 4711)["findings"][0]["next"], nullptr);
    const json& next = server_of(scan, 4812)["findings"][1]["next"];
    EXPECT_EQ(next, (json{{"action", "terminate"}, {"in_seconds", 660}}));
}

TEST(ScanJson, SaysWhichThrottleMayOnlyLowerTheWeight) {
    const scan::Snapshot snapshot = mixed();
    policy::Plan plan = plan_of(snapshot);
    plan.due.at(0).weight_only = true;
    plan.verdicts.at(1).findings.at(0).weight_only = true;
    const json scan = json::parse(to_json(snapshot, plan, context()));
    EXPECT_EQ(scan["plan"][0]["weight_only"], true);
    EXPECT_EQ(scan["plan"][1]["weight_only"], false);
    EXPECT_EQ(scan["servers"][1]["findings"][0]["weight_only"], true);
    EXPECT_EQ(scan["servers"][0]["findings"][0]["weight_only"], false);
}

TEST(ScanJson, SumsUp) {
    const json summary = report()["summary"];
    EXPECT_EQ(summary["total_servers"], 3);
    EXPECT_EQ(summary["unhealthy_count"], 3);
    EXPECT_EQ(summary["by_type"], (json{{"playwright", 1}, {"filesystem", 1}, {"fetch", 1}}));
    EXPECT_EQ(summary["by_status"], (json{{"zombie", 0},
                                          {"orphan", 2},
                                          {"unhealthy", 0},
                                          {"duplicate", 0},
                                          {"degraded", 1},
                                          {"suspected", 0},
                                          {"healthy", 0}}));
    EXPECT_EQ(summary["memory_bytes"], (312 + 60 + 60) * 1024 * 1024);
    EXPECT_EQ(summary["processes"], 5);
    EXPECT_EQ(summary["host_processes"], 105);
}

TEST(ScanJson, IsWholeWithoutServers) {
    const json scan = json::parse(to_json(support::snapshot().build(), {}, context()));
    EXPECT_EQ(scan["servers"], json::array());
    EXPECT_EQ(scan["plan"], json::array());
    EXPECT_EQ(scan["summary"]["by_type"], json::object());
    EXPECT_EQ(scan["summary"]["by_status"].size(), policy::kStatuses.size());
}

TEST(ScanJson, SurvivesHostileNamesAndFigures) {
    scan::Snapshot snapshot =
        support::snapshot().with(server(5).type("a\x1b[2J\xff\n").program("npx x --token=abc")).build();
    snapshot.servers[0].client->name = "\u202Eedoc";
    snapshot.servers[0].usage.cpu = CpuPercent{std::numeric_limits<double>::quiet_NaN()};
    snapshot.servers[0].server_process.reset();
    const json one = json::parse(to_json(snapshot, {}, context()))["servers"][0];
    EXPECT_EQ(one["type"], "a\\x1b[2J\\xff\\n");
    EXPECT_EQ(one["client"]["name"], "\\u202eedoc");
    EXPECT_EQ(one["program"], "npx x --token=***");
    EXPECT_EQ(one["cpu_percent"], nullptr);
    EXPECT_EQ(one["server_pid"], nullptr);
    EXPECT_EQ(one["status"], "healthy");
}

// ---- docs/scan-json.md

void collect(const json& value, const std::string& path, std::set<std::string>& paths) {
    if (value.is_array()) {
        for (const json& one : value) collect(one, path + "[]", paths);
        return;
    }
    if (!value.is_object() || path == "summary.by_type" || path == "summary.by_status") return;
    for (const auto& [key, one] : value.items()) {
        const std::string name = path.empty() ? key : path + "." + key;
        paths.insert(name);
        collect(one, name, paths);
    }
}

/// The first cells of the document's tables: | `servers[].id` | …
std::set<std::string> documented_keys(const std::string& file) {
    std::ifstream in(std::string(REAPER_SOURCE_DIR) + file);
    std::set<std::string> keys;
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with("| `")) continue;
        keys.insert(line.substr(3, line.find('`', 3) - 3));
    }
    return keys;
}

TEST(ScanJson, IsDocumentedKeyByKey) {
    std::set<std::string> paths;
    collect(report(), "", paths);
    collect(left_over_report(), "", paths);
    collect(acting_report(), "", paths);
    EXPECT_THAT(documented_keys("/docs/scan-json.md"), UnorderedElementsAreArray(paths));
}

TEST(ScanJson, ExampleInTheDocumentHasTheSameKeys) {
    std::ifstream in(std::string(REAPER_SOURCE_DIR) + "/docs/scan-json.md");
    std::stringstream text;
    text << in.rdbuf();
    const std::string document = text.str();
    const std::size_t begin = document.find("```json\n");
    ASSERT_NE(begin, std::string::npos);
    const std::size_t end = document.find("\n```", begin);
    const json example = json::parse(document.substr(begin + 8, end - begin - 8), nullptr, false);
    ASSERT_FALSE(example.is_discarded());
    std::set<std::string> shown;
    std::set<std::string> written;
    collect(example, "", shown);
    collect(report(), "", written);
    EXPECT_THAT(shown, UnorderedElementsAreArray(written));
}

}  // namespace
}  // namespace reaper::report
