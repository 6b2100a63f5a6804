// A server that a manager started as a unit's main process is standalone: it is meant to live without a
// client, and its manager would start it again.
#include <gtest/gtest.h>

#include "guest.h"
#include "processes.h"
#include "reaper_run.h"

namespace reaper::vm {
namespace {

using integration::json;

/// The server with that process in a scan of the whole guest; null, with a failure, where there is none.
json server_with(pid_t pid) {
    const auto servers = integration::servers_with(integration::scan_host(), {pid});
    EXPECT_EQ(servers.size(), 1U) << "no server, or several, with process " << pid;
    return servers.empty() ? json() : servers.front();
}

void expect_main_process_is_standalone(Manager manager) {
    Service service(manager, "mcp-alpha.service", {server_program("alpha")});
    const json server = server_with(service.main_pid());
    ASSERT_FALSE(server.is_null());
    EXPECT_EQ(server.at("type"), "alpha");
    EXPECT_EQ(server.at("standalone"), true);
    EXPECT_EQ(server.at("standalone_why"), "main process of mcp-alpha.service");
}

TEST(SystemdUnits, TheMainProcessOfASystemServiceIsStandalone) {
    expect_main_process_is_standalone(Manager::system);
}

TEST(SystemdUnits, TheMainProcessOfAUsersServiceIsStandalone) {
    expect_main_process_is_standalone(Manager::lingerer);
}

TEST(SystemdUnits, AServerThatAServiceStartedIsNot) {
    // A client that runs as a service, with a server that it talks to over pipes.
    Service client(Manager::system, "some-client.service", {REAPER_SUBJECT},
                   {{"SUBJECT_COMM", "claude"}, {"SUBJECT_SERVER", server_program("beta")}});
    pid_t started = 0;
    while (started == 0) {
        for (const auto& [pid, process] : integration::read_processes()) {
            if (process.parent == client.main_pid() && process.comm.starts_with("mcp-server"))
                started = pid;
        }
    }
    ASSERT_EQ(cgroup_of(started), "/system.slice/some-client.service");
    const json server = server_with(started);
    ASSERT_FALSE(server.is_null());
    EXPECT_EQ(server.at("standalone"), false);
    EXPECT_EQ(server.at("channel"), "open");
}

}  // namespace
}  // namespace reaper::vm
