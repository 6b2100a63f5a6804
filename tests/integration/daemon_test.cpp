// The daemon on real processes, in a pid namespace of the test's own: it acts on the whole host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include "bystanders.h"
#include "daemon_run.h"
#include "hold.h"
#include "pid_namespace.h"
#include "processes.h"
#include "stubborn_server.h"

namespace reaper::integration {
namespace {

using ::testing::HasSubstr;

/// Sees what goes on, and does nothing about it.
const std::string kObserving =
    "version: 1\nname: test\nmode: observe\n"
    "daemon: { health_check_interval: 1, cleanup_interval: 1 }\n"
    "rules: { orphan: { after_seconds: 1, action: terminate } }\n"
    "terminate: { grace_seconds: 1 }\n";

bool await_gone(pid_t pid) {
    const UniqueFd process = open_process(pid);
    return !process || await_exit(process, 60s);
}

class DaemonTest : public InPidNamespace {};

TEST_F(DaemonTest, EndsWhatHasLeakedAndNothingElse) {
    in_pid_namespace([] {
        StubbornServers servers;
        const pid_t used = servers.start("").pid();
        const Bystanders untouched({used});
        // A slow host is no reason to kill.
        DaemonRun daemon(every_second(10s));
        ASSERT_TRUE(daemon.await_ready());
        Program& leaked = servers.leak("forks");
        const json started = daemon.await_event("server_started", about(leaked.pid()));
        const json done = daemon.await_event("action", about(leaked.pid()));
        EXPECT_THAT(done.dump(), HasSubstr(R"("effect":"ended")"));
        EXPECT_TRUE(await_gone(leaked.pid()));
        EXPECT_EQ(servers.living(), std::set<pid_t>{used});
        untouched.expect_untouched();
        EXPECT_THAT(daemon.run({"history"}).output, HasSubstr(std::to_string(leaked.pid())));
        EXPECT_THAT(daemon.status().dump(), HasSubstr(R"("cleanups_performed":1)"));
        EXPECT_EQ(daemon.end(), 0);
        untouched.expect_untouched();
    });
}

TEST_F(DaemonTest, ASavedPolicyIsInForceOrRefusedAndTheLastGoodOneStays) {
    in_pid_namespace([] {
        StubbornServers servers;
        DaemonRun daemon(kObserving);
        ASSERT_TRUE(daemon.await_ready());
        Program& leaked = servers.leak("");
        daemon.await_event("finding", about(leaked.pid()));

        daemon.write_policy("version: 1\nlimits: { max_memmory_mb: 500 }\n");
        const json refused = daemon.await_event("policy_refused");
        EXPECT_THAT(refused.dump(), HasSubstr("policy.yaml:2:11"));
        EXPECT_THAT(daemon.status().dump(), HasSubstr("max_memmory_mb"));
        EXPECT_FALSE(await_exit(open_process(leaked.pid()), 0ms));

        // Over a restart too.
        EXPECT_EQ(daemon.end(), 0);
        daemon.start_again();
        ASSERT_TRUE(daemon.await_ready());
        EXPECT_THAT(daemon.status().dump(), HasSubstr(R"("mode":"observe")"));
        EXPECT_THAT(daemon.status().dump(), HasSubstr("max_memmory_mb"));

        daemon.write_policy(kEverySecond);
        daemon.await_event("policy_reloaded");
        EXPECT_TRUE(await_gone(leaked.pid()));
    });
}

TEST_F(DaemonTest, APolicyWithMistakesAndNoLastGoodOneStopsItAtTheStart) {
    in_pid_namespace([] {
        DaemonRun daemon("version: 1\nmode: enforced\n");
        EXPECT_FALSE(daemon.await_ready());
        const auto status = daemon.program().wait();
        ASSERT_TRUE(status && WIFEXITED(*status));
        EXPECT_EQ(WEXITSTATUS(*status), 2);
    });
}

TEST_F(DaemonTest, ASecondOneRefusesToStart) {
    in_pid_namespace([] {
        DaemonRun daemon(kObserving);
        ASSERT_TRUE(daemon.await_ready());
        const auto second = daemon.run({"daemon", "--policy", daemon.policy_file()});
        EXPECT_EQ(second.exit_code, 1);
        EXPECT_THAT(second.complaint, HasSubstr("pid " + std::to_string(daemon.program().pid())));
        EXPECT_EQ(daemon.end(), 0);
    });
}

TEST_F(DaemonTest, WhatIsOrderedByHandGoesThroughIt) {
    in_pid_namespace([] {
        StubbornServers servers;
        DaemonRun daemon(kObserving);
        ASSERT_TRUE(daemon.await_ready());
        Program& server = servers.leak("deaf");
        const auto killed = daemon.run({"kill", std::to_string(server.pid()), "--yes"});
        EXPECT_EQ(killed.exit_code, 0) << killed.output;
        EXPECT_TRUE(await_gone(server.pid()));
        daemon.await_event("action", about(server.pid()));
        const auto nobody = daemon.run({"kill", "1", "--yes"});
        EXPECT_EQ(nobody.exit_code, 1);
    });
}

TEST_F(DaemonTest, PausedItWatchesAndActsOnNoRule) {
    in_pid_namespace([] {
        StubbornServers servers;
        DaemonRun daemon(kEverySecond);
        ASSERT_TRUE(daemon.await_ready());
        EXPECT_EQ(daemon.run({"pause", "--for", "1h"}).exit_code, 0);
        daemon.await_event("paused");
        Program& leaked = servers.leak("");
        daemon.await_event("finding", about(leaked.pid()));
        // It goes on over a restart.
        EXPECT_EQ(daemon.end(), 0);
        daemon.start_again();
        ASSERT_TRUE(daemon.await_ready());
        daemon.await_event("finding", about(leaked.pid()));
        EXPECT_FALSE(await_exit(open_process(leaked.pid()), 0ms));
        EXPECT_EQ(daemon.run({"resume"}).exit_code, 0);
        EXPECT_TRUE(await_gone(leaked.pid()));
    });
}

TEST_F(DaemonTest, EndedInOrderItReleasesWhatItHolds) {
    if (!can_be_caged()) GTEST_SKIP() << "there is no freezer here that we may use";
    in_pid_namespace([] {
        StubbornServers servers;
        DaemonRun daemon(kObserving);
        ASSERT_TRUE(daemon.await_ready());
        Program& server = servers.leak("deaf");
        ASSERT_EQ(daemon.run({"freeze", std::to_string(server.pid()), "--yes"}).exit_code, 0);
        EXPECT_TRUE(hold_on(server.pid()).frozen);
        EXPECT_EQ(daemon.end(), 0);
        EXPECT_FALSE(hold_on(server.pid()).frozen);
        EXPECT_FALSE(await_exit(open_process(server.pid()), 0ms)) << "it goes on";
    });
}

TEST_F(DaemonTest, AfterACrashTheNextOneReleasesWhatARuleHeld) {
    if (!can_be_caged()) GTEST_SKIP() << "there is no freezer here that we may use";
    in_pid_namespace([] {
        StubbornServers servers;
        DaemonRun daemon(
            "version: 1\nname: test\ndaemon: { health_check_interval: 1, cleanup_interval: 1 }\n"
            "rules: { orphan: { after_seconds: 0, action: freeze } }\n");
        ASSERT_TRUE(daemon.await_ready());
        Program& server = servers.leak("deaf");
        daemon.await_event("action", about(server.pid()));
        EXPECT_TRUE(hold_on(server.pid()).frozen);
        daemon.program().kill();
        EXPECT_TRUE(hold_on(server.pid()).frozen) << "nobody was there to release it";
        daemon.write_policy(kObserving);
        daemon.start_again();
        ASSERT_TRUE(daemon.await_ready());
        EXPECT_FALSE(hold_on(server.pid()).frozen);
    });
}

}  // namespace
}  // namespace reaper::integration
