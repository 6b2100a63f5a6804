// What the tests with servers from npm have in common.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <vector>

#include "everything_server.h"
#include "guardian.h"
#include "npm_client.h"
#include "npm_packages.h"
#include "observation.h"
#include "reaper_run.h"

namespace reaper::integration {

/// Skips, with the reason, where npm is not to be had. Each test ends what it started.
class NpmTest : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const std::string why = why_no_npm(); !why.empty()) GTEST_SKIP() << why;
    }
    void TearDown() override { end_what_was_started(); }
};

/// The one server in the scan that has any of these processes; fails the test where it is not one.
inline std::optional<json> the_server(const json& scan, const std::set<pid_t>& pids) {
    const std::vector<json> servers = servers_with(scan, pids);
    EXPECT_EQ(servers.size(), 1u) << json(servers).dump(2);
    return servers.size() == 1 ? std::optional(servers.front()) : std::nullopt;
}

}  // namespace reaper::integration
