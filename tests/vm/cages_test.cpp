// Throttling and freezing where systemd rules the cgroups: transient scopes, by the commands of a user.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <chrono>
#include <cstdint>
#include <thread>

#include "guest.h"
#include "hog_server.h"
#include "processes.h"
#include "reaper_run.h"

namespace reaper::vm {
namespace {

using namespace std::chrono_literals;
using integration::ReaperRun;
using integration::run_reaper;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kScope = "/mcp-reaper-.*\\.scope";

/// `mcp-reaper COMMAND PID OPTIONS…` as root, on a server that is in use.
void act(const std::string& command, const Hog& hog, std::vector<std::string> options = {}) {
    std::vector<std::string> arguments = {command, hog.pid()};
    if (command != "release") arguments.insert(arguments.end(), {"--yes", "--even-in-use"});
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ReaperRun run = run_reaper(arguments);
    EXPECT_EQ(run.exit_code, 0) << run.output;
}

/// A line of a user in a session, with the same meaning.
std::string by_user(const std::string& command, pid_t pid, const std::string& options) {
    return std::string(REAPER_BINARY) + ' ' + command + ' ' + std::to_string(pid) + ' ' + options +
           " --policy " REAPER_SOURCE_DIR "/policies/default.yaml";
}

/// CPU that a cgroup used over a time, in percent of one core.
double cpu_percent(const std::string& cgroup, std::chrono::seconds over) {
    using Clock = std::chrono::steady_clock;
    const auto used = [&] { return cgroup_value(cgroup, "cpu.stat", "usage_usec"); };
    const auto start = Clock::now();
    const std::uint64_t before = used();
    std::this_thread::sleep_for(over);
    const std::uint64_t after = used();
    const std::chrono::duration<double, std::micro> took = Clock::now() - start;
    return static_cast<double>(after - before) / took.count() * 100;
}

/// Waits for what systemd does in its own time.
template <typename Condition>
bool comes_true(const Condition& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        ::poll(nullptr, 0, 20);
    }
    return true;
}

TEST(Cages, AreScopesInTheSliceOfTheServersUser) {
    Session session(kLingerer);
    const pid_t server = session.start(server_program("alpha"));
    const ReaperRun run = run_reaper({"throttle", std::to_string(server), "--yes"});
    EXPECT_EQ(run.exit_code, 0) << run.output;
    EXPECT_THAT(cgroup_of(server), MatchesRegex(std::string("/user.slice/user-2001.slice") + kScope));
    EXPECT_THAT(session.cgroup(), HasSubstr("/session-")) << "its neighbours stay where they are";
}

TEST(Cages, HoldACpuHogToItsQuota) {
    Hog hog;
    act("throttle", hog, {"--cpu", "30%"});
    ASSERT_THAT(hog.cgroup(), MatchesRegex(std::string("/system.slice") + kScope));
    EXPECT_EQ(cgroup_file(hog.cgroup(), "cpu.max"), "30000 100000");
    hog.go();
    const double used = cpu_percent(hog.cgroup(), 5s);
    // Without it, two hundred. What an emulator that is kept waiting counts is not that exact.
    EXPECT_GT(used, 10);
    EXPECT_LT(used, 60);
}

TEST(Cages, MemoryMaxEndsWhatAllocatesAfterTheMove) {
    Hog hog({"allocate", "128"});
    act("throttle", hog, {"--memory-max", "64MB"});
    EXPECT_EQ(cgroup_file(hog.cgroup(), "memory.max"), std::to_string(64 * 1024 * 1024));
    // A lower memory.high would slow it almost to a stop before it is ended.
    EXPECT_EQ(cgroup_file(hog.cgroup(), "memory.high"), "max");
    hog.go();
    const auto status = hog.program().wait();
    ASSERT_TRUE(status);
    EXPECT_TRUE(WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL) << *status;
    EXPECT_THAT(hog.program().read_all(), Not(HasSubstr("allocated")));
}

TEST(Cages, KeepTheirLimitsOverADaemonReload) {
    const Hog hog;
    act("throttle", hog, {"--cpu", "20%", "--pids-max", "50"});
    const std::string cage = hog.cgroup();
    ASSERT_EQ(cgroup_file(cage, "cpu.max"), "20000 100000");
    ManagerBus(Manager::system).reload();
    EXPECT_EQ(hog.cgroup(), cage);
    EXPECT_EQ(cgroup_file(cage, "cpu.max"), "20000 100000");
    EXPECT_EQ(cgroup_file(cage, "pids.max"), "50");
}

TEST(Cages, OutliveTheServiceThatMadeThem) {
    const Hog hog;
    {
        // Stopping a service ends all that is below it: what it has caged must not be.
        const Service tool(Manager::system, "some-tool.service",
                           {"/bin/sh", "-c",
                            by_user("throttle", std::stoi(hog.pid()), "--yes --even-in-use --cpu 20%") +
                                "; exec sleep infinity"});
        ASSERT_TRUE(comes_true([&] { return cgroup_file(hog.cgroup(), "cpu.max") == "20000 100000"; }));
    }
    EXPECT_THAT(hog.cgroup(), MatchesRegex(std::string("/system.slice") + kScope));
    EXPECT_EQ(cgroup_file(hog.cgroup(), "cpu.max"), "20000 100000");
}

TEST(Cages, ReleaseLiftsTheLimitsAndMovesNothingBack) {
    Hog hog;
    act("throttle", hog, {"--cpu", "10%"});
    const std::string cage = hog.cgroup();
    ASSERT_EQ(cgroup_file(cage, "cpu.max"), "10000 100000");
    act("release", hog);
    EXPECT_EQ(hog.cgroup(), cage);
    EXPECT_FALSE(has_quota(cage));
    hog.go();
    EXPECT_GT(cpu_percent(cage, 1s), 20);
}

TEST(Cages, FreezeStopsAServerUntilItIsReleased) {
    Hog hog;
    act("freeze", hog);
    const std::string cage = hog.cgroup();
    EXPECT_TRUE(is_frozen(cage));
    hog.go();  // It will notice when it is let go on.
    EXPECT_LT(cpu_percent(cage, 1s), 1);
    act("release", hog);
    EXPECT_FALSE(is_frozen(cage));
    EXPECT_GT(cpu_percent(cage, 1s), 20);
}

TEST(Cages, GoWithTheirServer) {
    std::string cage;
    {
        const Hog hog;
        act("throttle", hog);
        cage = hog.cgroup();
        ASSERT_THAT(cage, MatchesRegex(std::string("/system.slice") + kScope));
    }
    EXPECT_TRUE(comes_true([&] { return cgroup_file(cage, "cgroup.events").empty(); })) << cage;
}

TEST(Cages, ALingeringUsersManagerMovesAServerOutOfASession) {
    Session session(kLingerer);
    const pid_t server = session.start(server_program("alpha"));
    ASSERT_THAT(cgroup_of(server), HasSubstr("/session-"));
    const Ran ran = session.run(by_user("throttle", server, "--yes --cpu 20%"));
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_THAT(cgroup_of(server),
                AllOf(StartsWith("/user.slice/user-2001.slice/user@2001.service/"), EndsWith(".scope")));
    EXPECT_EQ(cgroup_file(cgroup_of(server), "cpu.max"), "20000 100000");

    const Ran released = session.run(by_user("release", server, ""));
    EXPECT_EQ(released.status, 0) << released.output;
    EXPECT_FALSE(has_quota(cgroup_of(server)));
}

TEST(Cages, WithoutAManagerAUserIsToldWhyAndNothingIsDone) {
    Session session(kVisitor);
    const pid_t server = session.start(server_program("alpha"));
    const std::string before = cgroup_of(server);
    const Ran ran = session.run(by_user("throttle", server, "--yes"));
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.output, HasSubstr("manager"));
    EXPECT_EQ(cgroup_of(server), before);
    EXPECT_NE(integration::read_processes().count(server), 0U);
}

}  // namespace
}  // namespace reaper::vm
