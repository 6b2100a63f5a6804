#include "daemon/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "report/text_width.h"

namespace reaper::daemon {
namespace {

using testing::HasSubstr;
using testing::Not;

WallTime at(std::int64_t seconds) {
    return WallTime(std::chrono::seconds(1'795'000'000 + seconds));
}

Status some_status() {
    Status status;
    status.version = "0.1.0";
    status.pid = 812;
    status.started_at = at(0);
    status.uptime = std::chrono::seconds(11'520);
    status.mode = policy::Mode::observe;
    status.policy = {"/etc/mcp-reaper/policy.yaml", "/etc/mcp-reaper/policy.yaml",
                     "0123456789abcdef0123", at(60),
                     RefusedPolicy{at(120), {"policy.yaml:7:3: unknown key 'lmits'"}}};
    status.collector = {"process connector", "", 120'000, 1, 12};
    status.cages = "systemd";
    status.paused_until = at(4000);
    status.health = {false, {"2 servers are orphans beyond their time", "a policy was refused"}};
    status.servers = {{"git", policy::Status::healthy, 2},
                      {"playwright", policy::Status::orphan, 1},
                      {"playwright", policy::Status::healthy, 3}};
    status.held = 1;
    status.statistics = {17, 3, 5, 2, at(3000)};
    status.pressure = {true, "", true};
    status.breakers = {{"fetch", std::chrono::seconds(200)}};
    status.cost = {CpuPercent{0.125},
                   Bytes::from_mib(8),
                   Bytes::from_mib(14),
                   61,
                   std::chrono::microseconds(4200),
                   std::chrono::microseconds(31'500),
                   4000,
                   2,
                   std::chrono::milliseconds(10'000),
                   std::chrono::milliseconds(5000)};
    status.connections = 3;
    return status;
}

std::string table(const Status& status, std::size_t width = 0) {
    return to_table(status, {width, false, true}, at(3600));
}

TEST(StatusJson, ReadsWhatItWrites) {
    EXPECT_EQ(status_from_json(to_json(some_status())), some_status());
    Status plain;
    plain.started_at = plain.policy.loaded_at = at(0);
    EXPECT_EQ(status_from_json(to_json(plain)), plain);
    plain.paused_until = kUntilResumed;
    EXPECT_THAT(to_json(plain), HasSubstr("\"paused_until\": null"));
    EXPECT_EQ(status_from_json(to_json(plain)), plain);
}

TEST(StatusJson, OfAnotherVersionIsReadAsFarAsItGoes) {
    const auto status = status_from_json(
        R"({"version":7,"pid":"x","health":[],"servers":{"by_type":{"git":{"healthy":2,"odd":1},"x":3}},
            "cost":{"tick_last_ms":1e300},"breakers":[1,{"type":"a"}],"new":{}})");
    ASSERT_TRUE(status);
    EXPECT_EQ(status->servers, (std::vector<ServerCount>{{"git", policy::Status::healthy, 2}}));
    EXPECT_EQ(status->breakers.size(), 1U);
    for (const char* const bad : {"", "[]", "{", "null", "<html>"}) EXPECT_FALSE(status_from_json(bad));
}

/// docs/control-api.md names every key of it.
TEST(StatusJson, EveryKeyIsDescribed) {
    std::ostringstream text;
    text << std::ifstream(REAPER_SOURCE_DIR "/docs/control-api.md").rdbuf();
    const std::string whole = text.str();
    const std::string doc =
        whole.substr(whole.find("## Status"), whole.find("## Metrics") - whole.find("## Status"));
    const auto json = nlohmann::json::parse(to_json(some_status()));
    for (const auto& [key, value] : json.items()) {
        EXPECT_TRUE(doc.find('`' + key) != std::string::npos) << key;
        const auto& inner = value.is_array() && !value.empty() ? value[0] : value;
        if (!inner.is_object()) continue;
        for (const auto& [name, ignored] : inner.items())
            EXPECT_TRUE(doc.find('.' + name) != std::string::npos ||
                        doc.find('`' + name) != std::string::npos)
                << key << '.' << name;
    }
}

TEST(StatusTable, TellsWhatIsWrong) {
    const std::string text = table(some_status());
    for (const char* const part :
         {"unhealthy\n", "  2 servers are orphans beyond their time\n",
          "its last edit was refused 58m ago; the one before is still in force:",
          "policy.yaml:7:3: unknown key 'lmits'", "observe: nothing is done by itself, paused for",
          "events were lost once", "1 server frozen or throttled",
          "every 10 s instead of 5 s, because they take so long", "2 of 4000 were late",
          "0.12% CPU over a minute, 8.0 MiB (PSS), 61 descriptors", "fetch comes back as soon as",
          "17 cleanups, the last 10m ago", "6 servers of 2 types."}) {
        EXPECT_THAT(text, HasSubstr(part));
    }
}

TEST(StatusTable, AQuietDaemonSaysLittle) {
    Status status;
    status.policy.loaded_at = at(0);
    const std::string text = table(status);
    EXPECT_THAT(text, HasSubstr("\nhealthy\n"));
    EXPECT_THAT(text, HasSubstr("No MCP server runs."));
    for (const char* const part : {"refused", "paused", "breaker", "lost", "late", "instead"})
        EXPECT_THAT(text, Not(HasSubstr(part)));
}

TEST(StatusTable, FitsNarrowTerminals) {
    for (const std::size_t width : {30U, 40U, 60U, 80U, 120U}) {
        std::istringstream lines(table(some_status(), width));
        for (std::string line; std::getline(lines, line);)
            EXPECT_LE(report::display_width(line), width) << line;
    }
}

TEST(StatusTable, NothingInItActsOnATerminal) {
    Status status = some_status();
    status.health.reasons = {"\x1b[2J"};
    status.policy.name = status.cages = status.collector.name = "\x1b]0;x\a";
    status.servers[0].type = "\x1b[31m";
    status.policy.refused->errors = {"\x1b"};
    EXPECT_THAT(table(status), Not(HasSubstr("\x1b")));
    EXPECT_THAT(to_json(status), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace reaper::daemon
