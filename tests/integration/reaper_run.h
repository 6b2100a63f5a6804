// Runs the real program, and looks servers up in what it says.
#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace reaper::integration {

using nlohmann::json;

struct ReaperRun {
    int exit_code = -1;  ///< -1: ended by a signal, or not in time.
    std::string output;
};

/// `mcp-reaper ARGUMENTS --policy (the default)`, as another user where one is given.
ReaperRun run_reaper(const std::vector<std::string>& arguments, std::optional<uid_t> user = {});

/// `mcp-reaper scan --dry-run --window 0s --format json`. Null, with a test failure, where it fails or
/// what it says is not JSON.
json scan_host(std::optional<uid_t> user = {});

/// The processes of a server in a scan.
std::set<pid_t> pids_of(const json& server);

/// The servers that have any of these processes.
std::vector<json> servers_with(const json& scan, const std::set<pid_t>& pids);

/// The processes of all servers with that status.
std::set<pid_t> pids_with_status(const json& scan, const std::string& status);

/// The finding of that rule on a server; null where it has none.
json finding(const json& server, const std::string& rule);

}  // namespace reaper::integration
