// Real servers under a guard, with real clients: whatever way the client goes, nothing of them is left.
// The server that ignores end-of-file is among them, and one with a browser open where there is one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "everything_server.h"
#include "held.h"
#include "npm_packages.h"
#include "npm_test.h"

namespace reaper::integration {
namespace {

using ::testing::IsEmpty;

Launch guarded(Launch launch) {
    launch.argv.insert(launch.argv.begin(), {REAPER_BINARY, "run", "--"});
    return launch;
}

std::vector<Launch> some_guarded() {
    std::vector<Launch> launches = {guarded(everything_by_npx())};
    for (const Launch& launch : launches_by_npx()) {
        const bool wanted =
            launch.type == "memory" || launch.type == "filesystem" || launch.type == "puppeteer";
        if (wanted) launches.push_back(guarded(launch));
    }
    return launches;
}

/// One client for all of them: they are idle together.
struct Way {
    const char* name;
    std::vector<std::string> (*client)();
    void (*end)(NpmClient& client);
};

void PrintTo(const Way& way, std::ostream* out) {
    *out << way.name;
}

class GuardedServers : public NpmTest, public ::testing::WithParamInterface<Way> {};

TEST_P(GuardedServers, LeaveNothing) {
    NpmClient client(GetParam().client(), some_guarded());
    ASSERT_GE(client.started().size(), 3U);
    const ProcessTable table = read_processes();
    std::set<pid_t> all;
    for (const Started& started : client.started()) all.merge(tree_of(started.top, table));
    ASSERT_GE(all.size(), 5 * client.started().size()) << "guard, keeper, npm, sh, node";
    Held held(all);
    GetParam().end(client);
    EXPECT_THAT(held.left_after(15s), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Npm, GuardedServers,
    ::testing::Values(
        Way{"ClosedByTheSdk", sdk_client,
            [](NpmClient& client) { client.program().write_line("close"); }},
        Way{"SdkClientKilled", sdk_client, [](NpmClient& client) { client.program().kill(); }},
        Way{"PythonClientKilled", python_client, [](NpmClient& client) { client.program().kill(); }},
        Way{"GuardsKilled", sdk_client,
            [](NpmClient& client) {
                for (const Started& started : client.started()) {
                    const UniqueFd guard = open_process(started.top);
                    syscall(SYS_pidfd_send_signal, guard.get(), SIGKILL, nullptr, 0);
                }
            }}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace reaper::integration
