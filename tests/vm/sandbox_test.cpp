// What the program needs, the system unit does not forbid: its commands, run under all that the unit
// says but what it starts. A start of it costs many seconds in the guest, so each test is one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "guest.h"
#include "reaper_run.h"

namespace reaper::vm {
namespace {

using integration::json;
using integration::Program;
using integration::StartOptions;
using ::testing::IsSupersetOf;

constexpr const char* kUnit = "mcp-reaper-sandbox.service";
constexpr const char* kDirectory = "/run/sandbox-test/";

/// The manager's unit without what it starts and how that is watched. Without its quota, too: the guest
/// is slow.
std::string sandbox(Manager manager) {
    std::ifstream unit(std::string(REAPER_SOURCE_DIR "/systemd/") +
                       (manager == Manager::system ? "" : "user/") + "mcp-reaper.service");
    std::string text;
    for (std::string line; std::getline(unit, line) && line != "[Install]";) {
        bool kept = true;
        for (const char* key :
             {"Type=", "NotifyAccess=", "Exec", "Restart", "WatchdogSec=", "CPUQuota="})
            kept = kept && !line.starts_with(key);
        if (kept) text += line + '\n';
    }
    return text;
}

/// Runs lines of a shell in it, and waits for its end. What they said.
std::string in_sandbox(const std::string& lines, Manager manager = Manager::system) {
    run_as_root(std::string("umask 0; mkdir -p /run/systemd/user ") + kDirectory);
    const std::string script = std::string(kDirectory) + "script",
                      said = std::string(kDirectory) + "said";
    std::ofstream(script) << lines << "\nexit 0\n";
    std::ofstream(std::string("/run/systemd/") + (manager == Manager::system ? "system/" : "user/") +
                  kUnit)
        << sandbox(manager) << "Type=oneshot\nStandardOutput=truncate:" << said << "\nExecStart=/bin/sh "
        << script << '\n';
    run_as_root("rm -f " + said);
    ManagerBus bus(manager);
    bus.reload();
    bus.start(kUnit);
    std::ostringstream text;
    text << std::ifstream(said).rdbuf();
    return text.str();
}

std::string reaper(const std::string& arguments) {
    return REAPER_BINARY " " + arguments + " --policy " REAPER_SOURCE_DIR "/policies/default.yaml";
}

json server_in(const json& scan, pid_t pid) {
    const auto servers = integration::servers_with(scan, {pid});
    EXPECT_EQ(servers.size(), 1U) << pid;
    return servers.empty() ? json::object() : servers.front();
}

/// A server of another user, over our pipes.
Program server_of_lingerer() {
    StartOptions options;
    options.user = kLingerer.uid;
    return Program({server_program("alpha")}, options);
}

std::set<std::string> fine_points(const std::string& doctor) {
    std::set<std::string> names;
    const json report = json::parse(doctor, nullptr, false);
    for (const json& point : report.is_object() ? report.at("points") : json::array()) {
        if (point.at("standing") == "ok") names.insert(point.at("name"));
    }
    return names;
}

TEST(Sandbox, SeesWhatRootSees) {
    Program open = server_of_lingerer();
    Program closed = server_of_lingerer();
    Service service(Manager::lingerer, "mcp-beta.service", {server_program("beta")});
    ASSERT_EQ(open.read_line(), "ready");
    ASSERT_EQ(closed.read_line(), "ready");
    closed.close_input();
    closed.close_output();

    const std::string in_a_line = " | tr -d '\\n'; echo\n";
    const std::string doctor_line = reaper("doctor --format json") + in_a_line;
    const std::string scan = reaper("scan --dry-run --window 0s --format json") + in_a_line;
    // A second scan for the managers: they are asked for half a second in all, which is little here.
    std::istringstream said(in_sandbox(doctor_line + scan + scan +
                                       "exec 3<>/proc/pressure/memory && "
                                       "echo 'some 200000 2000000' >&3 && echo pressure"));
    std::string doctor, first, second, pressure;
    std::getline(said, doctor);
    std::getline(said, first);
    std::getline(said, second);
    std::getline(said, pressure);

    // What is not to be had in the guest at all is none of the unit's business.
    const auto outside = fine_points(run_as_root(reaper("doctor --format json")).output);
    ASSERT_GT(outside.size(), 5U);
    EXPECT_THAT(fine_points(doctor), IsSupersetOf(outside));

    const json scans[] = {json::parse(first, nullptr, false), json::parse(second, nullptr, false)};
    ASSERT_TRUE(scans[0].is_object() && scans[1].is_object()) << first << second;
    EXPECT_EQ(server_in(scans[0], open.pid()).at("channel"), "open");
    EXPECT_EQ(server_in(scans[0], closed.pid()).at("channel"), "closed");
    const pid_t main = service.main_pid();
    const std::string why = server_in(scans[0], main).value("standalone_why", "");
    const std::string why_then = server_in(scans[1], main).value("standalone_why", "");
    EXPECT_TRUE(why == "main process of mcp-beta.service" ||
                why_then == "main process of mcp-beta.service")
        << why << "; " << why_then;
    EXPECT_EQ(pressure, "pressure") << "it may not ask to be told of memory pressure";
}

TEST(Sandbox, ActsOnOtherUsersServersAndWritesToItsOwnPlacesOnly) {
    Program server = server_of_lingerer();
    ASSERT_EQ(server.read_line(), "ready");
    const std::string pid = std::to_string(server.pid());
    const std::string limit =
        "cat /sys/fs/cgroup$(cut -d: -f3 /proc/" + pid + "/cgroup)/cpu.max 2>/dev/null || echo none\n";
    const std::string said = in_sandbox(
        reaper("throttle " + pid + " --yes --even-in-use --cpu 20% >/dev/null") +
        "; echo throttle $?\n" + limit + reaper("release --all >/dev/null") + "; echo release $?\n" +
        limit + reaper("kill " + pid + " --yes --even-in-use >/dev/null") + "; echo kill $?\n" +
        "for place in /etc /usr /home/lingerer /run /sys/fs/cgroup /proc/sys/kernel; do\n"
        "    touch $place/x 2>/dev/null && echo wrote to $place\n"
        "done\n"
        "for place in /run/mcp-reaper /var/lib/mcp-reaper /var/log/mcp-reaper; do\n"
        "    touch $place/x && rm $place/x || echo cannot write to $place\n"
        "done");
    EXPECT_TRUE(said == "throttle 0\n20000 100000\nrelease 0\nmax 100000\nkill 0\n" ||
                said == "throttle 0\n20000 100000\nrelease 0\nnone\nkill 0\n")
        << said;
    EXPECT_TRUE(server.wait()) << "it still runs";
}

TEST(Sandbox, OfAUserSeesAndActsOnTheirServers) {
    Program server = server_of_lingerer();
    ASSERT_EQ(server.read_line(), "ready");
    const std::string pid = std::to_string(server.pid());
    std::istringstream said(in_sandbox(
        reaper("scan --dry-run --window 0s --format json") + " | tr -d '\\n'; echo\n" +
            reaper("throttle " + pid + " --yes --even-in-use --cpu 20% >/dev/null") +
            "; echo throttle $?\n" + reaper("release --all >/dev/null") + "; echo release $?\n" +
            reaper("kill " + pid + " --yes --even-in-use >/dev/null") + "; echo kill $?",
        Manager::lingerer));
    std::string scan, done;
    std::getline(said, scan);
    std::getline(said, done, '\0');
    EXPECT_EQ(server_in(json::parse(scan, nullptr, false), server.pid()).value("channel", ""), "open");
    EXPECT_EQ(done, "throttle 0\nrelease 0\nkill 0\n");
    EXPECT_TRUE(server.wait()) << "it still runs";
}

}  // namespace
}  // namespace reaper::vm
