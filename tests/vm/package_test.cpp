// The Debian package: what installing, upgrading, removing and purging it does to a host with systemd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "guest.h"

namespace reaper::vm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPackage = REAPER_SOURCE_DIR "/mcp-reaper.deb";
constexpr const char* kNext = REAPER_SOURCE_DIR "/mcp-reaper-next.deb";
constexpr const char* kPolicy = "/etc/mcp-reaper/policy.yaml";

bool exists(const std::string& path) {
    return std::filesystem::exists(std::filesystem::symlink_status(path));
}

std::string said(const std::string& line) {
    return run_as_root(line).output;
}

/// The libraries that the package depends on are in the guest without packages of their own (run.sh).
void dpkg(const std::string& arguments) {
    const Ran ran = run_as_root("dpkg --force-depends --force-confold " + arguments);
    ASSERT_EQ(ran.status, 0) << ran.output;
}

std::string state() {
    return said("systemctl is-enabled mcp-reaper; systemctl is-active mcp-reaper");
}

std::string main_pid() {
    return said("systemctl show --property MainPID --value mcp-reaper");
}

/// Each of the lingerer's units has a manager of its own to learn of it.
void expect_to_run_for_a_user() {
    Session session(kLingerer);
    session.run("export XDG_RUNTIME_DIR=/run/user/$UID; systemctl --user daemon-reload");
    const Ran ran =
        session.run("systemctl --user start mcp-reaper && systemctl --user is-active mcp-reaper");
    EXPECT_EQ(ran.output, "active");
    EXPECT_EQ(session.run("systemctl --user stop mcp-reaper").status, 0);
}

/// A dpkg takes its time in the guest: all that happens to a package in its life is one test.
TEST(Package, InstallsUpgradesRemovesAndPurges) {
    if (!exists(kPackage)) GTEST_SKIP() << "the package could not be made";

    // What made the guest has left its order to start and stop nothing.
    run_as_root("rm -f /usr/sbin/policy-rc.d");
    dpkg(std::string("--install ") + kPackage);
    EXPECT_EQ(state(), "disabled\ninactive") << "installing starts nothing";
    EXPECT_EQ(said("mcp-reaper policy check " + std::string(kPolicy) + " >/dev/null && echo fine"),
              "fine");

    // A program without the command has nothing to start.
    const bool starts = run_as_root("mcp-reaper help daemon").status == 0;
    const std::string running = starts ? "enabled\nactive" : "enabled\ninactive";
    EXPECT_EQ(run_as_root(std::string("systemctl enable mcp-reaper") + (starts ? " --now" : "")).status,
              0);
    EXPECT_EQ(state(), running);
    const std::string first = main_pid();
    if (starts) expect_to_run_for_a_user();

    // A policy that was edited stays, and what runs is restarted.
    run_as_root("echo '# mine' >>" + std::string(kPolicy));
    dpkg(std::string("--install ") + kNext);
    EXPECT_THAT(said("dpkg-query -W -f '${Version}' mcp-reaper"), HasSubstr("+next"));
    EXPECT_EQ(said("tail -n 1 " + std::string(kPolicy)), "# mine");
    EXPECT_EQ(state(), running) << "what was not started is not started";
    EXPECT_EQ(main_pid() != first, starts) << first;

    // Removing it releases what it has throttled, and keeps what is its owner's.
    Session session(kLingerer);
    const pid_t server = session.start(server_program("alpha"));
    const Ran ran = run_as_root("mcp-reaper throttle " + std::to_string(server) + " --yes --cpu 20%");
    EXPECT_EQ(ran.status, 0) << ran.output;
    const std::string cage = cgroup_of(server);
    EXPECT_EQ(cgroup_file(cage, "cpu.max"), "20000 100000");
    dpkg("--remove mcp-reaper");
    EXPECT_EQ(said("systemctl is-active mcp-reaper"), "inactive");
    EXPECT_EQ(cgroup_of(server), cage) << "it goes on, where it is";
    EXPECT_THAT(cgroup_file(cage, "cpu.max"), Not(HasSubstr("20000")));
    EXPECT_TRUE(exists(kPolicy));
    EXPECT_TRUE(exists("/var/lib/mcp-reaper/history.db"));

    dpkg("--purge mcp-reaper");
    EXPECT_EQ(
        said("find /etc /usr /var /run -xdev -name '*mcp-reaper*' -not -path '*/systemd/transient/*' "
             "-not -path '/run/systemd/*' -not -path '/run/user/*'"),
        "");
}

}  // namespace
}  // namespace reaper::vm
