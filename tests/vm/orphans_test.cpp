// An orphan is gone when its client is, within the time that the policy gives it: after_seconds, a look
// more until it is seen, a pass more until it is acted on, and the grace.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <sstream>

#include "client.h"
#include "guest.h"
#include "journal.h"
#include "npm_client.h"
#include "npm_packages.h"
#include "reaper_service.h"

namespace reaper::vm {
namespace {

using namespace std::chrono_literals;
using integration::Launch;
using integration::NpmClient;
using ::testing::MatchesRegex;

constexpr const char* kPolicy =
    "version: 1\nname: orphans\n"
    "daemon: { health_check_interval: 1, cleanup_interval: 1 }\n"
    "rules: { orphan: { after_seconds: 2, action: terminate } }\n"
    "terminate: { grace_seconds: 5 }\n"
    "protect: [ { cgroup: '^/user[.]slice/' } ]\n";

/// By that policy. A guest that is slow makes the daemon stretch its ticks, of which it tells.
std::chrono::microseconds in_time() {
    std::chrono::milliseconds tick = 1s;
    std::istringstream events(run_as_root("mcp-reaper events --format json").output);
    for (std::string line; std::getline(events, line);) {
        const json event = json::parse(line, nullptr, false);
        if (!event.is_object() || event.value("event", "") != "late") continue;
        tick = std::max(tick, std::chrono::milliseconds(event["detail"].value("interval_ms", 0)));
    }
    return 2s + 2 * tick + 5s;
}

/// What docs/events.md promises for whoever looks for it in the journal.
void expect_fields_of_an_ended_orphan(const json& entry, pid_t server) {
    const json expected = {{"PRIORITY", "5"},
                           {"SYSLOG_IDENTIFIER", "mcp-reaper"},
                           {"MESSAGE_ID", "ff67b82c19814872990011b4db04a731"},
                           {"_SYSTEMD_UNIT", "mcp-reaper.service"},
                           {"MCP_REAPER_EVENT", "action"},
                           {"MCP_REAPER_UID", "0"},
                           {"MCP_REAPER_SERVER_PID", std::to_string(server)},
                           {"MCP_REAPER_SERVER_TYPE", "alpha"},
                           {"MCP_REAPER_RULE", "orphan"},
                           {"MCP_REAPER_ACTION", "terminate"},
                           {"MCP_REAPER_EFFECT", "ended"}};
    for (const auto& [field, value] : expected.items())
        EXPECT_EQ(entry.value(field, json()), value) << field;
    EXPECT_THAT(entry.value("MESSAGE", ""),
                MatchesRegex(".*alpha " + std::to_string(server) + ".*ended.*"));
    EXPECT_THAT(entry.value("MCP_REAPER_SERVER", ""), MatchesRegex(std::to_string(server) + "@[0-9]+"));
    const json detail = json::parse(entry.value("MCP_REAPER_DETAIL", ""), nullptr, false);
    ASSERT_TRUE(detail.is_object()) << entry;
    EXPECT_EQ(detail["origin"], "rule");
    EXPECT_EQ(detail["succeeded"], true);
    EXPECT_EQ(detail["ended_count"], 1);
    EXPECT_EQ(detail["left_count"], 0);
}

TEST(Service, EndsAnOrphanInTimeAndTellsTheJournalInFields) {
    ReaperService service(kPolicy);
    JournalOfService actions("action");
    Client used("alpha");
    Client client("alpha");
    const auto killed = monotonic_now();
    client.die();
    ASSERT_TRUE(client.server_ends(60s));
    const auto took = monotonic_now() - killed;
    tell_figure("from its client's end to that of an orphan", took);
    EXPECT_GT(took, 2s);
    EXPECT_LT(took, in_time());

    const json entry = actions.await_about(client.server());
    expect_fields_of_an_ended_orphan(entry, client.server());
    // One event, one id, wherever it is told.
    const std::string id = entry.value("MCP_REAPER_EVENT_ID", "none");
    EXPECT_EQ(run_as_root("mcp-reaper events --format json | grep -c '\"id\":\"" + id + "\"'").output,
              "1")
        << id;
    EXPECT_TRUE(used.server_lives());
}

/// A real server that loses its client as soon as it has answered it.
class LeakedNpmServer {
  public:
    explicit LeakedNpmServer(const Launch& launch) {
        NpmClient client(integration::sdk_client(), {launch});
        if (client.started().empty()) return;
        const integration::ProcessTable table = integration::read_processes();
        processes_ = integration::tree_of(client.started()[0].top, table);
        std::vector<UniqueFd> held;
        for (const pid_t pid : processes_) held.push_back(integration::open_process(pid));
        const auto killed = monotonic_now();
        client.program().kill();
        ended_ = std::ranges::all_of(
            held, [](const UniqueFd& one) { return integration::await_exit(one, 60s); });
        took_ = monotonic_now() - killed;
    }

    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] std::chrono::microseconds took() const { return took_; }
    [[nodiscard]] const std::set<pid_t>& processes() const { return processes_; }

  private:
    std::set<pid_t> processes_;
    bool ended_ = false;
    std::chrono::microseconds took_{};
};

// @modelcontextprotocol/server-everything, which ignores end-of-file; side by side by npx and by node.
TEST(Service, EndsOrphansFromNpmInTime) {
    if (!std::filesystem::exists(integration::in_npm_install("ready")))
        GTEST_SKIP() << "node or npm are not installed";
    ReaperService service(kPolicy);
    JournalOfService actions("action");
    std::vector<std::pair<std::string, std::future<LeakedNpmServer>>> leaked;
    for (const auto& launches : {integration::launches_by_npx(), integration::launches_by_node()}) {
        const Launch launch = integration::launch_of(launches, "everything");
        leaked.emplace_back(
            launch.name, std::async(std::launch::async, [launch] { return LeakedNpmServer(launch); }));
    }
    for (auto& [name, server] : leaked) {
        const LeakedNpmServer gone = server.get();
        ASSERT_TRUE(gone.ended()) << name;
        tell_figure("from its client's end to that of " + name + " (" +
                        std::to_string(gone.processes().size()) + " processes)",
                    gone.took());
        EXPECT_GT(gone.took(), 2s) << name;
        EXPECT_LT(gone.took(), in_time()) << name;
        EXPECT_EQ(actions.await_about(gone.processes()).value("MCP_REAPER_EFFECT", ""), "ended") << name;
    }
}

}  // namespace
}  // namespace reaper::vm
