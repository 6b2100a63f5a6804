#include "daemon/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>

#include "support/child.h"

namespace reaper::daemon {
namespace {

using testing::HasSubstr;
using testing::Not;

Figures some_figures() {
    Figures figures;
    figures.status.version = "0.1.0";
    figures.status.policy.loaded_at = WallTime(std::chrono::seconds(1'795'000'000));
    figures.status.servers = {{"git", policy::Status::healthy, 2}, {"git", policy::Status::orphan, 1}};
    figures.usage = {{"git", 3, Bytes::from_mib(100), CpuPercent{50}}};
    figures.findings = {{policy::Rule::orphan, 1}};
    figures.actions = {{{enforce::Deed::terminate, enforce::Effect::ended}, 4}};
    figures.ended.add("git");
    figures.ticks.add(std::chrono::milliseconds(3));
    figures.ticks.add(std::chrono::seconds(7));
    figures.process = read_own_process();
    return figures;
}

TEST(Metrics, HaveTheFiguresOfTheDaemon) {
    const std::string text = to_prometheus(some_figures(), {7, 20, 3, 1});
    for (const char* const line :
         {"mcp_reaper_build_info{version=\"0.1.0\"} 1\n",
          "mcp_reaper_servers{type=\"git\",status=\"healthy\"} 2\n",
          "mcp_reaper_servers{type=\"git\",status=\"orphan\"} 1\n",
          "mcp_reaper_server_memory_bytes{type=\"git\"} 104857600\n",
          "mcp_reaper_server_cpu_cores{type=\"git\"} 0.5\n", "mcp_reaper_findings{rule=\"orphan\"} 1\n",
          "mcp_reaper_findings{rule=\"zombie\"} 0\n",
          "mcp_reaper_actions_total{deed=\"terminate\",effect=\"ended\"} 4\n",
          "mcp_reaper_servers_ended_total{type=\"git\"} 1\n",
          "mcp_reaper_tick_duration_seconds_count 2\n",
          "mcp_reaper_tick_duration_seconds_bucket{le=\"0.0025\"} 0\n",
          "mcp_reaper_tick_duration_seconds_bucket{le=\"0.005\"} 1\n",
          "mcp_reaper_tick_duration_seconds_bucket{le=\"+Inf\"} 2\n",
          "mcp_reaper_policy_last_reload_successful 1\n", "mcp_reaper_control_connections 7\n",
          "mcp_reaper_control_refused_total 3\n"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
}

TEST(Metrics, ARefusedPolicyIsSeen) {
    Figures figures = some_figures();
    figures.status.policy.refused.emplace();
    EXPECT_THAT(to_prometheus(figures, {}), HasSubstr("mcp_reaper_policy_last_reload_successful 0\n"));
}

TEST(Metrics, OwnProcessIsMeasured) {
    const OwnProcess process = read_own_process();
    EXPECT_GT(process.resident.value, Bytes::from_mib(1).value);
    EXPECT_GE(process.virtual_memory.value, process.resident.value);
    EXPECT_GE(process.descriptors, 3U);
    EXPECT_GE(process.most_descriptors, process.descriptors);
    const std::uint64_t before = read_own_process().descriptors;
    const test::Pair pipe = test::make_pipe();
    EXPECT_EQ(read_own_process().descriptors, before + 2);
}

std::set<std::string> labels(const std::string& text, const std::string& family) {
    std::set<std::string> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(family + "{")) found.insert(line.substr(0, line.rfind(' ')));
    }
    return found;
}

TEST(Metrics, TheNumberOfTypesIsBounded) {
    Figures figures = some_figures();
    for (int i = 0; i < 1000; ++i) {
        const std::string type = "made-up-" + std::to_string(i);
        figures.status.servers.push_back({type, policy::Status::healthy, 1});
        figures.usage.push_back({type, 1, Bytes{1}, CpuPercent{1}});
        figures.ended.add(type);
        figures.ended.add("git");
    }
    const std::string text = to_prometheus(figures, {});
    EXPECT_EQ(labels(text, "mcp_reaper_servers").size(), kMostTypeLabels + 2);  // git has two statuses.
    EXPECT_EQ(labels(text, "mcp_reaper_server_memory_bytes").size(), kMostTypeLabels + 1);
    EXPECT_EQ(labels(text, "mcp_reaper_servers_ended_total").size(), kMostTypeLabels + 1);
    // What most servers are of keeps its name, and nothing is lost.
    EXPECT_THAT(text, HasSubstr("mcp_reaper_servers{type=\"git\",status=\"healthy\"} 2\n"));
    EXPECT_THAT(text, HasSubstr("mcp_reaper_servers{type=\"other\",status=\"healthy\"} 801\n"));
    EXPECT_THAT(text, HasSubstr("mcp_reaper_servers_ended_total{type=\"git\"} 1001\n"));
    EXPECT_THAT(text, HasSubstr("mcp_reaper_servers_ended_total{type=\"other\"} 801\n"));
}

TEST(Metrics, HostileTypesStayLabels) {
    Figures figures = some_figures();
    figures.status.servers.push_back(
        {"a\"} 1\nmcp_reaper_healthy 9\n\xff\x1b", policy::Status::healthy, 1});
    const std::string text = to_prometheus(figures, {});
    EXPECT_THAT(text, Not(HasSubstr("\nmcp_reaper_healthy 9")));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

/// docs/control-api.md names every family of ours.
TEST(Metrics, EveryOneIsDescribed) {
    std::ostringstream doc;
    doc << std::ifstream(REAPER_SOURCE_DIR "/docs/control-api.md").rdbuf();
    std::istringstream lines(to_prometheus(some_figures(), {}));
    const std::string begin = "# TYPE mcp_reaper_";
    std::size_t families = 0;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(begin)) continue;
        const std::string name = line.substr(begin.size(), line.find(' ', begin.size()) - begin.size());
        EXPECT_TRUE(doc.str().find('`' + name) != std::string::npos) << name;
        ++families;
    }
    EXPECT_GT(families, 20U);
}

/// Prometheus' own check of names, types and units.
TEST(Metrics, PromtoolHasNothingToSay) {
    const test::TemporaryDirectory directory;
    Figures figures = some_figures();
    figures.status.servers.push_back({"odd \"type\"\n\\", policy::Status::healthy, 1});
    std::ofstream(directory.path("metrics")) << to_prometheus(figures, {1, 2, 3, 4});
    const std::string command = "promtool check metrics < " + directory.path("metrics") + " > " +
                                directory.path("said") + " 2>&1";
    const int status = std::system(command.c_str());
    std::ostringstream said;
    said << std::ifstream(directory.path("said")).rdbuf();
    ASSERT_NE(WEXITSTATUS(status), 127)
        << "promtool is not there: ./dev installs it (package prometheus)";
    EXPECT_EQ(said.str(), "");
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace reaper::daemon
