// The user service of a lingering user: their manager starts it at the boot, log-in or not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "client.h"
#include "guest.h"
#include "reaper_service.h"

namespace reaper::vm {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::StartsWith;

constexpr const char* kPolicy =
    "version: 1\nname: mine\n"
    "daemon: { health_check_interval: 1, cleanup_interval: 1 }\n"
    "rules: { orphan: { after_seconds: 1, action: terminate } }\n"
    "terminate: { grace_seconds: 5 }\n";

/// The lingerer's own policy, and their service enabled.
class EnabledForTheLingerer {
  public:
    EnabledForTheLingerer() {
        const Ran ran =
            run_as_root(std::string("runuser -u lingerer -- sh -c 'mkdir -p ~/.config/mcp-reaper && "
                                    "cat >~/.config/mcp-reaper/policy.yaml' <<'END'\n") +
                        kPolicy +
                        "END\n"
                        "mkdir -p /run/systemd/user/default.target.wants && "
                        "ln -s ../mcp-reaper.service /run/systemd/user/default.target.wants/");
        EXPECT_EQ(ran.status, 0) << ran.output;
    }
    EnabledForTheLingerer(const EnabledForTheLingerer&) = delete;
    EnabledForTheLingerer& operator=(const EnabledForTheLingerer&) = delete;
    ~EnabledForTheLingerer() {
        fs::remove_all("/run/systemd/user/default.target.wants");
        fs::remove_all("/home/lingerer/.config/mcp-reaper");
        fs::remove_all("/home/lingerer/.local/state/mcp-reaper");
    }
};

TEST(UserService, OfALingererStartsWithoutALoginAndEndsTheirOrphansOnly) {
    InstalledUnit unit(Manager::lingerer);
    EnabledForTheLingerer enabled;
    ManagerBus(Manager::system).restart("user@2001.service");
    ManagerBus manager(Manager::lingerer);
    ASSERT_TRUE(manager.await(
        [&] { return manager.text(kReaperUnit, "Unit", "ActiveState") == "active"; }, 60s));
    const auto main = static_cast<pid_t>(manager.number(kReaperUnit, "Service", "MainPID"));
    EXPECT_THAT(cgroup_of(main), StartsWith("/user.slice/user-2001.slice/user@2001.service/"));
    EXPECT_EQ(run_as_root("loginctl list-sessions --no-legend | grep -w lingerer").output, "");

    Client roots("alpha"), visitors("alpha", kVisitor.uid), own("alpha", kLingerer.uid);
    // The others first: what is done about the last would have been done about them before.
    for (Client* const client : {&roots, &visitors, &own}) client->die();
    EXPECT_TRUE(own.server_ends(30s));
    EXPECT_TRUE(roots.server_lives());
    EXPECT_TRUE(visitors.server_lives());
    manager.stop(kReaperUnit);
}

}  // namespace
}  // namespace reaper::vm
