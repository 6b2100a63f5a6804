// Browsers whose server was killed: never seen before, by their debugging pipe; seen before, by memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iterator>

#include "npm_test.h"
#include "policy/loader.h"
#include "scan/assemble.h"
#include "scan/memory.h"
#include "scan/scanner.h"

namespace reaper::integration {
namespace {

using ::testing::SizeIs;

class LeftOvers : public NpmTest {
  protected:
    void SetUp() override {
        NpmTest::SetUp();
        if (!IsSkipped() && chromium().empty()) GTEST_SKIP() << "chromium is not installed";
    }
};

/// A server with an open page, and a profile that it keeps for itself (not --isolated).
Launch with_own_profile(const std::string& type) {
    Launch launch;
    launch.name = launch.type = type;
    if (type == "playwright") {
        launch.argv = {"node",
                       in_npm_install("node_modules/.bin/playwright-mcp"),
                       "--headless",
                       "--no-sandbox",
                       "--executable-path",
                       chromium()};
        launch.call = {{"name", "browser_navigate"}, {"arguments", {{"url", "data:text/html,<p>open"}}}};
    } else {
        launch.argv = {"node",       in_npm_install("node_modules/.bin/chrome-devtools-mcp"),
                       "--headless", "--executablePath",
                       chromium(),   "--chromeArg=--no-sandbox"};
        launch.call = {{"name", "new_page"}, {"arguments", {{"url", "data:text/html,<p>open"}}}};
    }
    return launch;
}

void send(pid_t pid, int signal) {
    const UniqueFd process = open_process(pid);
    ASSERT_TRUE(process);
    ASSERT_EQ(syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0), 0);
}

/// The browser's main process: what the server itself has started.
pid_t browser_of(pid_t server, const ProcessTable& table) {
    for (const auto& [pid, process] : table) {
        if (process.parent == server && process.comm.starts_with("chrom")) return pid;
    }
    ADD_FAILURE() << "the server has started no browser";
    return 0;
}

void kill_server(pid_t server) {
    const UniqueFd process = open_process(server);
    send(server, SIGKILL);
    ASSERT_TRUE(await_exit(process, 10s));
}

/// The browser of a server that is killed, and all that belongs to it.
std::set<pid_t> browser_left_by(const NpmClient& client) {
    const pid_t server = client.started().at(0).top;
    const ProcessTable table = read_processes();
    const pid_t browser = browser_of(server, table);
    if (browser == 0) return {};
    // A sound Chromium leaves within 0.3 s when its debugging pipe hangs up: what is left behind is one
    // that hangs, and a stopped one is sure to.
    send(browser, SIGSTOP);
    kill_server(server);
    return grow({browser}, read_processes());
}

class NeverSeen : public LeftOvers, public ::testing::WithParamInterface<const char*> {};

TEST_P(NeverSeen, ABrowserWithAHungUpPipeAndAnMcpProfileIsAnOrphan) {
    NpmClient client(sdk_client(), {with_own_profile(GetParam())});
    ASSERT_THAT(client.started(), SizeIs(1));
    const std::set<pid_t> left = browser_left_by(client);
    const Observation seen = observe({left});
    const auto server = the_server(seen.scan, left);
    ASSERT_TRUE(server);
    EXPECT_EQ(pids_of(*server), seen.trees[0]);
    EXPECT_EQ(server->at("type"), GetParam());
    EXPECT_EQ(server->at("status"), "orphan");
    EXPECT_EQ(server->at("channel"), "closed");
    EXPECT_EQ(server->at("server_pid"), nullptr);
    ASSERT_TRUE(server->at("left_over").is_object());
    EXPECT_EQ(server->at("left_over").at("proven"), true);
    EXPECT_EQ(server->at("channel_evidence").at("stdin").at("maker"), client.started()[0].top);
    const json orphan = finding(*server, "orphan");
    ASSERT_TRUE(orphan.is_object());
    EXPECT_THAT(orphan.at("why").get<std::string>(),
                ::testing::HasSubstr("left by " + std::string(GetParam()) + ' ' +
                                     std::to_string(client.started()[0].top)));
}

INSTANTIATE_TEST_SUITE_P(Of, NeverSeen, ::testing::Values("playwright", "chrome-devtools"),
                         [](const auto& type) {
                             std::string name = type.param;
                             std::erase(name, '-');
                             return name;
                         });

TEST_P(NeverSeen, TheSameBrowserIsPartOfItsServerWhileThatLives) {
    NpmClient client(sdk_client(), {with_own_profile(GetParam())});
    ASSERT_THAT(client.started(), SizeIs(1));
    const Observation seen = observe({{client.started()[0].top}});
    const auto server = the_server(seen.scan, seen.trees[0]);
    ASSERT_TRUE(server);
    EXPECT_EQ(pids_of(*server), seen.trees[0]);
    EXPECT_EQ(server->at("left_over"), nullptr);
    EXPECT_EQ(server->at("channel"), "open");
    EXPECT_NE(server->at("status"), "orphan");
}

/// As a daemon sees this host, scan after scan.
class Watcher {
  public:
    scan::Snapshot look() {
        const scan::Sample sample =
            scan::read_host(policy_.classifier, scan::Depth::servers, &memory_).value();
        scan::Snapshot snapshot = scan::assemble(sample, policy_.classifier, nullptr, {}, &memory_);
        memory_ = scan::remember(std::move(memory_), snapshot, sample);
        return snapshot;
    }

  private:
    policy::LoadedPolicy policy_ = policy::default_policy().value();
    scan::Memory memory_;
};

std::set<pid_t> members_of(const scan::Server& server) {
    std::set<pid_t> pids;
    for (const scan::Member& member : server.members) pids.insert(member.id.pid);
    return pids;
}

/// The server in a snapshot that has this process.
std::optional<scan::Server> server_with(const scan::Snapshot& snapshot, pid_t pid) {
    const auto found = std::ranges::find_if(
        snapshot.servers, [&](const scan::Server& server) { return members_of(server).contains(pid); });
    return found == snapshot.servers.end() ? std::nullopt : std::optional(*found);
}

// server-puppeteer talks to its browser over a port, so the browser does not notice that it is alone,
// and nothing on it shows whose it was.
TEST_F(LeftOvers, ABrowserSeenWithItsServerIsKnownAfterwards) {
    NpmClient client(sdk_client(), {launch_of(launches_by_npx(), "puppeteer")});
    ASSERT_THAT(client.started(), SizeIs(1));
    Watcher watcher;
    const auto before = server_with(watcher.look(), client.started()[0].top);
    ASSERT_TRUE(before);
    ASSERT_TRUE(before->server_process);
    const pid_t node = before->server_process->pid;
    const pid_t browser = browser_of(node, read_processes());

    std::vector<UniqueFd> launchers;
    for (const scan::Member& member : before->members) {
        if (member.part == scan::Member::Part::launcher)
            launchers.push_back(open_process(member.id.pid));
    }
    EXPECT_THAT(launchers, SizeIs(2)) << "npm exec and sh";
    kill_server(node);
    for (const UniqueFd& launcher : launchers) ASSERT_TRUE(await_exit(launcher, 10s));

    const std::set<pid_t> left = grow({browser}, read_processes());
    const auto after = server_with(watcher.look(), browser);
    ASSERT_TRUE(after);
    ASSERT_TRUE(after->left_over);
    EXPECT_TRUE(after->left_over->proven) << after->left_over->proof;
    EXPECT_EQ(after->left_over->server, before->id);
    EXPECT_EQ(after->type, "puppeteer");
    EXPECT_EQ(after->id.pid, browser);
    EXPECT_TRUE(after->orphan());
    EXPECT_TRUE(after->usage.memory_is_complete);
    const std::set<pid_t> survivors = grow({browser}, read_processes());
    std::set<pid_t> throughout;
    std::ranges::set_intersection(left, survivors, std::inserter(throughout, throughout.begin()));
    EXPECT_THAT(throughout, ::testing::IsSubsetOf(members_of(*after)));

    // Who has not seen it before cannot tell whose it was, so nothing is done about it.
    for (const json& server : servers_with(scan_host(), left)) {
        EXPECT_EQ(server.at("status"), "suspected") << server.dump(2);
        EXPECT_TRUE(server.at("findings").empty());
    }
}

}  // namespace
}  // namespace reaper::integration
