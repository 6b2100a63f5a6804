#include "reaper_run.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>

#include "program.h"
#include "scratch.h"

namespace reaper::integration {
namespace {

namespace fs = std::filesystem;

/// The default policy, where every user may read it: not the one that this host has perhaps been given.
std::string policy_file() {
    static const Scratch scratch;
    static const fs::path file = [] {
        fs::path copy = scratch.path() / "policy.yaml";
        fs::copy_file(REAPER_SOURCE_DIR "/policies/default.yaml", copy);
        fs::permissions(copy, fs::perms(0644));
        return copy;
    }();
    return file.string();
}

}  // namespace

ReaperRun run_reaper(const std::vector<std::string>& arguments, std::optional<uid_t> user) {
    std::vector<std::string> argv = {"mcp-reaper"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.insert(argv.end(), {"--policy", policy_file()});
    StartOptions options;
    options.file = REAPER_BINARY;
    options.user = user;
    Program program(argv, options);
    program.close_input();

    ReaperRun run;
    run.output = program.read_all();
    const auto status = program.wait();
    if (status && WIFEXITED(*status)) run.exit_code = WEXITSTATUS(*status);
    return run;
}

json scan_host(std::optional<uid_t> user) {
    const ReaperRun run = run_reaper({"scan", "--dry-run", "--window", "0s", "--format", "json"}, user);
    EXPECT_EQ(run.exit_code, 0);
    json scan = json::parse(run.output, nullptr, false);
    if (scan.is_object() && scan.contains("servers")) return scan;
    ADD_FAILURE() << "the scan is not what docs/scan-json.md says:\n" << run.output.substr(0, 2000);
    return nullptr;
}

std::set<pid_t> pids_of(const json& server) {
    return server.at("pids").get<std::set<pid_t>>();
}

std::vector<json> servers_with(const json& scan, const std::set<pid_t>& pids) {
    std::vector<json> result;
    if (scan.is_null()) return result;
    std::ranges::copy_if(scan.at("servers"), std::back_inserter(result), [&](const json& server) {
        return std::ranges::any_of(pids_of(server), [&](pid_t pid) { return pids.contains(pid); });
    });
    return result;
}

std::set<pid_t> pids_with_status(const json& scan, const std::string& status) {
    std::set<pid_t> result;
    if (scan.is_null()) return result;
    for (const json& server : scan.at("servers")) {
        if (server.at("status") == status) result.merge(pids_of(server));
    }
    return result;
}

json finding(const json& server, const std::string& rule) {
    for (const json& candidate : server.at("findings")) {
        if (candidate.at("rule") == rule) return candidate;
    }
    return nullptr;
}

}  // namespace reaper::integration
