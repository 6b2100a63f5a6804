// The system service as systemd runs it, from its start over its crashes to its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "client.h"
#include "guest.h"
#include "hog_server.h"
#include "journal.h"
#include "reaper_service.h"

namespace reaper::vm {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// Looks every second. Whatever a user's session has is none of these tests'.
std::string policy(const std::string& mode, const std::string& rules) {
    return "version: 1\nmode: " + mode +
           "\ndaemon: { health_check_interval: 1, cleanup_interval: 1 }\n"
           "rules: { " +
           rules +
           " }\n"
           "protect: [ { cgroup: '^/user[.]slice/' } ]\n";
}

const std::string kFreezing = policy("enforce", "orphan: { after_seconds: 0, action: freeze }");

/// Three servers that are held: by hand throttled and frozen ones that are in use, and an orphan that a
/// rule froze.
class HeldServers {
  public:
    HeldServers()
        : actions_("action"),
          throttled_({"allocate", "1"}),
          frozen_({"allocate", "1"}),
          orphan_("alpha") {
        orphan_.die();
        by_hand("throttle", throttled_);
        by_hand("freeze", frozen_);
        actions_.await_about(orphan_.server());
        EXPECT_TRUE(has_quota(throttled_.cgroup()));
        EXPECT_TRUE(is_frozen(frozen_.cgroup()));
        EXPECT_TRUE(is_frozen(orphans_cage()));
    }

    [[nodiscard]] std::string orphans_cage() const { return cgroup_of(orphan_.server()); }
    [[nodiscard]] const Client& orphan() const { return orphan_; }
    JournalOfService& actions() { return actions_; }

    /// Those held by hand are let go on, in the cages that they are in.
    void expect_to_go_on() {
        for (Hog* const hog : {&throttled_, &frozen_}) {
            EXPECT_THAT(hog->cgroup(), HasSubstr("/mcp-reaper-"));
            EXPECT_FALSE(has_quota(hog->cgroup()));
            EXPECT_FALSE(is_frozen(hog->cgroup()));
            hog->go();
            EXPECT_EQ(hog->program().read_line(20s), "allocated");
        }
    }

  private:
    static void by_hand(const std::string& command, const Hog& hog) {
        const Ran ran = run_as_root("mcp-reaper " + command + ' ' + hog.pid() + " --yes --even-in-use");
        EXPECT_EQ(ran.status, 0) << ran.output;
    }

    JournalOfService actions_;
    Hog throttled_;
    Hog frozen_;
    Client orphan_;
};

std::chrono::microseconds time_to_ready(ManagerBus& bus, const std::string& unit) {
    return std::chrono::microseconds(bus.number(unit, "Unit", "ActiveEnterTimestampMonotonic") -
                                     bus.number(unit, "Service", "ExecMainStartTimestampMonotonic"));
}

// Ready is: its policy is read, the host was looked at, its control socket answers.
TEST(Service, IsReadySoonAfterItWasStarted) {
    ReaperService service(kFreezing);
    EXPECT_EQ(ReaperService::status()["mode"], "enforce");
    const auto ours = time_to_ready(service.bus(), kReaperUnit);
    tell_figure("time to ready", ours);
    tell_figure("time to ready of systemd-journald at this boot",
                time_to_ready(service.bus(), "systemd-journald.service"));
    EXPECT_LT(ours, 15s);
}

TEST(Service, ReloadPutsAnEditedPolicyInForceOrFailsAndTheLastGoodOneStays) {
    ReaperService service(kFreezing);
    const pid_t main = service.main_pid();

    ReaperService::save_policy(policy("observe", "orphan: { action: report }"));
    EXPECT_TRUE(service.reload());
    EXPECT_EQ(ReaperService::status()["mode"], "observe");

    ReaperService::save_policy("version: 1\nlimits: { max_memmory_mb: 500 }\n");
    EXPECT_FALSE(service.reload());
    const json refused = ReaperService::status();
    EXPECT_EQ(refused["mode"], "observe");
    EXPECT_THAT(refused["policy"]["refused"].dump(),
                AllOf(HasSubstr("/etc/mcp-reaper/policy.yaml:2:11"), HasSubstr("max_memmory_mb")));
    EXPECT_THAT(service.bus().text(kReaperUnit, "Service", "StatusText"),
                HasSubstr("the policy file has mistakes"));

    ReaperService::save_policy(policy("enforce", "orphan: { action: report }"));
    EXPECT_TRUE(service.reload());
    const json mended = ReaperService::status();
    EXPECT_EQ(mended["mode"], "enforce");
    EXPECT_TRUE(mended["policy"]["refused"].is_null()) << mended;
    EXPECT_EQ(service.main_pid(), main);
}

TEST(Service, StoppedItReleasesWhatItHoldsAndEndsNone) {
    ReaperService service(kFreezing);
    HeldServers held;
    service.stop();
    held.expect_to_go_on();
    EXPECT_FALSE(is_frozen(held.orphans_cage()));
    EXPECT_TRUE(held.orphan().server_lives());
}

// What was held by hand is released by ExecStopPost=, and stays so; what a rule held is held again, by
// the rule.
TEST(Service, KilledItIsBackSoonAndNothingStaysHeldBecauseOfThat) {
    ReaperService service(kFreezing);
    HeldServers held;
    const pid_t first = service.main_pid();
    const auto killed = monotonic_now();
    ASSERT_EQ(::kill(first, SIGKILL), 0);
    ASSERT_TRUE(service.await_successor(first));
    const auto took = service.time("Unit", "ActiveEnterTimestampMonotonic") - killed;
    tell_figure("from SIGKILL to ready again", took);
    // 5 s are meant for a host; the guest is emulated, and shares its processors with whatever else
    // runs.
    EXPECT_LT(took, 15s);
    held.expect_to_go_on();
    const json again = held.actions().await_about(held.orphan().server());
    EXPECT_EQ(again.value("_PID", ""), std::to_string(service.main_pid()));
    EXPECT_EQ(again.value("MCP_REAPER_ACTION", ""), "freeze");
    EXPECT_TRUE(is_frozen(held.orphans_cage()));
    EXPECT_TRUE(held.orphan().server_lives());
}

// A loop that stands still, made by SIGSTOP.
TEST(Service, ThatStandsStillIsEndedByTheWatchdogAndStartedAgain) {
    ReaperService service(kFreezing, "WatchdogSec=4s");
    const pid_t first = service.main_pid();
    const auto stopped = monotonic_now();
    ASSERT_EQ(::kill(first, SIGSTOP), 0);
    ASSERT_TRUE(service.await_successor(first));
    tell_figure("from SIGSTOP to ready again, with a watchdog of 4 s",
                service.time("Unit", "ActiveEnterTimestampMonotonic") - stopped);
    EXPECT_EQ(service.bus().number(kReaperUnit, "Service", "NRestarts"), 1U);
    EXPECT_EQ(
        run_as_root("journalctl -o cat UNIT=mcp-reaper.service _PID=1 UNIT_RESULT=watchdog | wc -l")
            .output,
        "1");
    EXPECT_EQ(ReaperService::status()["mode"], "enforce");
}

}  // namespace
}  // namespace reaper::vm
