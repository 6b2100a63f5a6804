// What servers that have ended have left behind: seen before, or never.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scan/assemble.h"
#include "scan/memory.h"
#include "support/sample_builder.h"

namespace reaper::scan {
namespace {

using test::ProcessBuilder;
using test::sample_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kBrowser = "/usr/lib/chromium/chromium";
constexpr const char* kCrashHandler = "/usr/lib/chromium/chrome_crashpad_handler";
constexpr const char* kNode = "/usr/bin/node";
constexpr const char* kProfile = "--user-data-dir=/home/dev/.cache/ms-playwright-mcp/mcp-chrome-3a594ea";

const classify::Classifier& classifier() {
    static const classify::Classifier one =
        std::move(classify::Classifier::compile({{"playwright", "playwright.*mcp"}}).value());
    return one;
}

using Processes = std::vector<Process>;

Processes operator+(Processes a, const Processes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

std::vector<pid_t> pids(const Server& server) {
    std::vector<pid_t> all;
    for (const Member& member : server.members) all.push_back(member.id.pid);
    return all;
}

Process client() {
    return ProcessBuilder(50, 1, "claude").argv({"claude"});
}

/// npm, sh and node, their channel open to the client.
Processes server() {
    return {
        ProcessBuilder(100, 50, "npm exec @playw")
            .title("npm exec @playwright/mcp")
            .sockets(7, 8)
            .made_by(50),
        ProcessBuilder(101, 100, "sh").argv({"sh", "-c", "playwright-mcp"}).sockets(7, 8).made_by(50),
        ProcessBuilder(102, 101, "node")
            .argv({"node", "/x/node_modules/.bin/playwright-mcp"})
            .exe(kNode)
            .sockets(7, 8)
            .made_by(50)};
}

/// A browser that a program controls over a port, as server-puppeteer starts it, with a helper.
Processes browser(pid_t parent, EndState state) {
    return {ProcessBuilder(300, parent, "chromium")
                .argv({kBrowser, "--headless", "--remote-debugging-port=0",
                       "--user-data-dir=/tmp/puppeteer_dev_chrome_profile-X0dyB8"})
                .exe(kBrowser)
                .sockets(20, 21, state)
                .listens("tcp 127.0.0.1:41234"),
            ProcessBuilder(301, 300, "chromium").title("chromium --type=zygote").exe(kBrowser)};
}

/// It leaves its server's tree at its start.
Process crash_handler(EndState state) {
    return ProcessBuilder(302, 1, "chrome_crashpad")
        .argv({kCrashHandler, "--monitor-self"})
        .exe(kCrashHandler)
        .sockets(20, 21, state);
}

/// Sample after sample, as a daemon sees them.
class Host {
  public:
    Snapshot see(const Processes& processes) {
        const Sample sample = sample_of(processes);
        Snapshot snapshot = assemble(sample, classifier(), nullptr, {}, &memory_);
        memory_ = remember(std::move(memory_), snapshot, sample);
        return snapshot;
    }
    [[nodiscard]] std::size_t remembered() const { return memory_.size(); }

  private:
    Memory memory_;
};

// ---- what was seen before

TEST(Remembered, ABrowserOutlivesItsServerAsAProvenLeftOver) {
    Host host;
    const Snapshot before = host.see(Processes{client()} + server() + browser(102, EndState::open) +
                                     Processes{crash_handler(EndState::open)});
    ASSERT_THAT(before.servers, SizeIs(1));
    const Snapshot after = host.see(Processes{client()} + browser(1, EndState::closed) +
                                    Processes{crash_handler(EndState::closed)});
    ASSERT_THAT(after.servers, SizeIs(1));
    const Server& left = after.servers[0];
    ASSERT_TRUE(left.left_over);
    EXPECT_TRUE(left.left_over->proven);
    EXPECT_EQ(left.left_over->server, before.servers[0].id);
    EXPECT_EQ(left.id.pid, 300);
    EXPECT_THAT(pids(left), ElementsAre(300, 301, 302));
    EXPECT_EQ(left.type, "playwright");
    EXPECT_FALSE(left.suspected());
    EXPECT_TRUE(left.orphan());
    EXPECT_FALSE(left.in_use());
    EXPECT_EQ(left.standalone, false) << "its debugging port is no reason to live";
    EXPECT_EQ(left.channel, Channel::none);
    EXPECT_EQ(left.server_process, std::nullopt);
    ASSERT_TRUE(left.client);
    EXPECT_EQ(left.client->pid, 50);
    EXPECT_TRUE(left.client->alive);
}

TEST(Remembered, ALeftOverStaysOneWhateverItsBrowserStartsOrLoses) {
    Host host;
    host.see(Processes{client()} + server() + browser(102, EndState::open));
    host.see(browser(1, EndState::closed));
    const Process renderer =
        ProcessBuilder(310, 301, "chromium").title("chromium --type=renderer").exe(kBrowser);
    const Snapshot grown = host.see(browser(1, EndState::closed) + Processes{renderer});
    ASSERT_THAT(grown.servers, SizeIs(1));
    EXPECT_THAT(pids(grown.servers[0]), ElementsAre(300, 301, 310));
    EXPECT_FALSE(grown.servers[0].client->alive);

    const Process alone =
        ProcessBuilder(310, 1, "chromium").title("chromium --type=renderer").exe(kBrowser);
    const Snapshot lost = host.see({alone});
    ASSERT_THAT(lost.servers, SizeIs(1));
    EXPECT_THAT(pids(lost.servers[0]), ElementsAre(310));
    EXPECT_TRUE(lost.servers[0].suspected()) << "without its browser nothing proves it";
}

TEST(Remembered, ABrowserIsNoLeftOverWhileSomebodyIsConnectedOrNobodyCanTell) {
    for (const EndState state : {EndState::open, EndState::unknown}) {
        Host host;
        host.see(Processes{client()} + server() + browser(102, EndState::open));
        const Snapshot after = host.see(browser(1, state));
        ASSERT_THAT(after.servers, SizeIs(1));
        EXPECT_TRUE(after.servers[0].suspected());
        EXPECT_FALSE(after.servers[0].orphan());
        EXPECT_TRUE(after.servers[0].in_use());
    }
    Host host;
    host.see(Processes{client()} + server() + browser(102, EndState::open));
    Processes unseen = browser(1, EndState::closed);
    unseen[0].detail.reset();
    const Snapshot after = host.see(unseen);
    ASSERT_THAT(after.servers, SizeIs(1));
    EXPECT_TRUE(after.servers[0].suspected());
}

TEST(Remembered, AHelperThatLeftTheTreeOfALivingServerIsStillItsHelper) {
    const auto daemon = [](pid_t parent) {
        return ProcessBuilder(400, parent, "worker").argv({"worker"}).exe("/opt/worker");
    };
    Host host;
    host.see(Processes{client()} + server() + Processes{daemon(102)});
    const Snapshot after = host.see(Processes{client()} + server() + Processes{daemon(1)});
    ASSERT_THAT(after.servers, SizeIs(1));
    EXPECT_FALSE(after.servers[0].left_over);
    EXPECT_THAT(pids(after.servers[0]), ElementsAre(100, 101, 102, 400));
}

TEST(Remembered, AServerIsNotGoneWhileALauncherOfItLives) {
    Host host;
    host.see(Processes{client()} + server() + browser(102, EndState::open));
    const Processes launchers = {server()[0], server()[1]};
    const Snapshot after = host.see(Processes{client()} + launchers + browser(1, EndState::closed));
    ASSERT_THAT(after.servers, SizeIs(1));
    EXPECT_FALSE(after.servers[0].left_over);
    EXPECT_THAT(pids(after.servers[0]), ElementsAre(100, 101, 300, 301));
}

TEST(Remembered, ALongJobOfADeadServerIsOnlyReported) {
    const auto job = [](pid_t parent) {
        return ProcessBuilder(400, parent, "python3")
            .argv({"python3", "train.py"})
            .exe("/usr/bin/python3");
    };
    Host host;
    host.see(Processes{client()} + server() + Processes{job(102)} + browser(102, EndState::open));
    const Snapshot after = host.see(Processes{job(1)} + browser(1, EndState::closed));
    ASSERT_THAT(after.servers, SizeIs(2));
    EXPECT_THAT(pids(after.servers[0]), ElementsAre(300, 301));
    EXPECT_TRUE(after.servers[0].orphan()) << "the browser beside it is proven all the same";
    EXPECT_THAT(pids(after.servers[1]), ElementsAre(400));
    EXPECT_TRUE(after.servers[1].suspected());
    EXPECT_FALSE(after.servers[1].orphan());
    EXPECT_THAT(after.servers[1].rule, HasSubstr("meant to stay"));
}

TEST(Remembered, AWorkerOfTheServersOwnProgramIsProvenWhenItsChannelIsHungUp) {
    const auto worker = [](pid_t parent, EndState state) {
        return ProcessBuilder(400, parent, "node")
            .argv({"node", "w.js"})
            .exe(kNode)
            .sockets(30, 31, state);
    };
    Host host;
    host.see(Processes{client()} + server() + Processes{worker(102, EndState::open)});
    const Snapshot gone = host.see({worker(1, EndState::closed)});
    ASSERT_THAT(gone.servers, SizeIs(1));
    EXPECT_TRUE(gone.servers[0].orphan());

    ProcessBuilder listening = worker(1, EndState::closed);
    const Snapshot serves = host.see({listening.listens("tcp 0.0.0.0:3000")});
    ASSERT_THAT(serves.servers, SizeIs(1));
    EXPECT_TRUE(serves.servers[0].suspected());
}

TEST(Remembered, ABrowserThatAServerOpenedForItsUserIsTheUsersOwn) {
    const auto page = [](pid_t parent) {
        return ProcessBuilder(400, parent, "chrome").argv({"/opt/chrome/chrome", "https://login"});
    };
    Host host;
    host.see(Processes{client()} + server() + Processes{page(102)});
    EXPECT_THAT(host.see({page(1)}).servers, IsEmpty());
    host.see(Processes{client()} + server() + Processes{page(102)});
    const Snapshot beside = host.see(Processes{client()} + server() + Processes{page(1)});
    EXPECT_THAT(pids(beside.servers[0]), ElementsAre(100, 101, 102));
}

TEST(Remembered, WhatHasBecomeSomethingElseIsNotClaimed) {
    const auto helper = [](pid_t parent) {
        return ProcessBuilder(400, parent, "sh").argv({"sh"}).exe("/bin/sh");
    };
    const Processes successors = {
        ProcessBuilder(400, 1, "claude").argv({"claude"}).exe("/usr/bin/claude"),
        ProcessBuilder(400, 1, "tmux: server").argv({"tmux"}).exe("/bin/sh"),
        ProcessBuilder(400, 1, "sh").argv({"sh"}).exe("/usr/bin/python3"),
        ProcessBuilder(400, 1, "make").argv({"make"}).exe(""),
        ProcessBuilder(400, 1, "sh").argv({"sh"}).exe("/bin/sh").started(9999),
        ProcessBuilder(400, 1, "sh").zombie()};
    for (const Process& successor : successors) {
        Host host;
        host.see(Processes{client()} + server() + Processes{helper(102)});
        EXPECT_THAT(host.see({successor}).servers, IsEmpty()) << successor.comm;
    }
}

TEST(Remembered, WhatBelongsToAnotherServerNowIsThatServers) {
    Host host;
    host.see(Processes{client()} + server() + browser(102, EndState::open));
    const Process other = ProcessBuilder(200, 50, "node")
                              .argv({"node", "/x/node_modules/.bin/playwright-mcp"})
                              .sockets(70, 71)
                              .started(1001);
    const Snapshot after = host.see(Processes{client(), other} + browser(200, EndState::open));
    ASSERT_THAT(after.servers, SizeIs(1));
    EXPECT_FALSE(after.servers[0].left_over);
    EXPECT_THAT(pids(after.servers[0]), ElementsAre(200, 300, 301));
}

TEST(Remembered, AnAgentBelowALeftOverIsNoPartOfIt) {
    Host host;
    const Process agent = ProcessBuilder(400, 300, "claude").argv({"claude"});
    host.see(Processes{client()} + server() + browser(102, EndState::open));
    const Snapshot after = host.see(browser(1, EndState::closed) + Processes{agent});
    ASSERT_THAT(after.servers, SizeIs(1));
    EXPECT_THAT(pids(after.servers[0]), ElementsAre(300, 301));
    EXPECT_EQ(after.servers[0].contains_protected, "claude (pid 400)");
}

// ---- what was never seen before

/// As @playwright/mcp starts it; its maker, pid 102, has ended.
ProcessBuilder piped(const std::string& profile = kProfile, EndState in = EndState::closed,
                     EndState out = EndState::closed) {
    ProcessBuilder browser(300, 1, "chromium");
    browser.argv({kBrowser, "--headless", profile, "--remote-debugging-pipe"}).exe(kBrowser);
    browser.detail().debug_in = ProcessBuilder::end(EndKind::unix_socket, 40, in);
    browser.detail().debug_out = ProcessBuilder::end(EndKind::unix_socket, 42, out);
    browser.detail().debug_in->maker = 102;
    return browser;
}

std::vector<Server> found(const Processes& processes) {
    return assemble(sample_of(processes), classifier()).servers;
}

TEST(NeverSeen, ABrowserWithAHungUpPipeAndAnMcpProfileIsProven) {
    const Process zygote = ProcessBuilder(301, 300, "chromium").title("chromium --type=zygote");
    const std::vector<Server> servers = found({piped(), zygote});
    ASSERT_THAT(servers, SizeIs(1));
    const Server& left = servers[0];
    EXPECT_EQ(left.type, "playwright");
    EXPECT_EQ(left.type_source, classify::TypeSource::pattern);
    EXPECT_THAT(pids(left), ElementsAre(300, 301));
    ASSERT_TRUE(left.left_over);
    EXPECT_TRUE(left.left_over->proven);
    EXPECT_EQ(left.left_over->server, std::nullopt);
    EXPECT_THAT(left.left_over->proof, HasSubstr("ms-playwright-mcp/mcp-chrome-3a594ea"));
    EXPECT_TRUE(left.orphan());
    EXPECT_EQ(left.channel, Channel::closed);
    EXPECT_EQ(left.in.inode, 40u);
    EXPECT_EQ(left.out.inode, 42u);
}

TEST(NeverSeen, ItsCrashHandlerGoesWithIt) {
    ProcessBuilder browser = piped();
    browser.sockets(20, 21, EndState::closed);
    const std::vector<Server> servers = found({browser, crash_handler(EndState::closed)});
    ASSERT_THAT(servers, SizeIs(1));
    EXPECT_THAT(pids(servers[0]), ElementsAre(300, 302));
}

TEST(NeverSeen, AnUnknownSubreaperAsParentHidesNothingTheMakerTells) {
    Process browser = piped();
    browser.parent = 60;
    EXPECT_THAT(found({ProcessBuilder(60, 1, "guardian"), browser}), SizeIs(1));
}

TEST(NeverSeen, AnythingLessIsOnlyReported) {
    ProcessBuilder port(300, 1, "chromium");
    port.argv({kBrowser, kProfile, "--remote-debugging-port=0"}).exe(kBrowser);
    ProcessBuilder both = piped();
    both.argv({kBrowser, kProfile, "--remote-debugging-pipe", "--remote-debugging-port=9222"});
    ProcessBuilder unread = piped();
    unread.unreadable();
    const Processes cases = {piped(kProfile, EndState::closed, EndState::open),
                             piped(kProfile, EndState::unknown, EndState::closed),
                             piped("--user-data-dir=/tmp/puppeteer_dev_chrome_profile-X0dyB8"),
                             piped("--user-data-dir=/tmp/playwright_chromiumdev_profile-ycowzN"),
                             port,
                             both,
                             unread};
    for (const Process& one : cases) {
        const std::vector<Server> servers = found({one});
        ASSERT_THAT(servers, SizeIs(1)) << one.cmdline;
        EXPECT_TRUE(servers[0].suspected()) << one.cmdline;
        EXPECT_FALSE(servers[0].orphan()) << one.cmdline;
        EXPECT_THAT(servers[0].rule, HasSubstr("left by")) << one.cmdline;
    }
}

TEST(NeverSeen, ABrowserOfAPersonOrOfALivingProgramIsNoLeftOver) {
    ProcessBuilder personal(300, 1, "chrome");
    personal.argv({"/opt/google/chrome/chrome"}).exe("/opt/google/chrome/chrome");
    ProcessBuilder by_hand(300, 1, "chrome");
    by_hand.argv({"/opt/google/chrome/chrome", "--remote-debugging-port=9222",
                  "--user-data-dir=/home/dev/debug-profile"});
    const Process own = piped("--user-data-dir=/home/dev/.config/chromium");
    ProcessBuilder with_maker = piped();
    with_maker.detail().debug_in->maker = 102;
    ProcessBuilder child(300, 102, "chromium");
    child.argv({kBrowser, kProfile, "--remote-debugging-port=0"}).exe(kBrowser);
    const Process script = ProcessBuilder(102, 1, "node").argv({"node", "e2e.js"});
    EXPECT_THAT(found({personal}), IsEmpty());
    EXPECT_THAT(found({by_hand}), IsEmpty());
    EXPECT_THAT(found({own}), IsEmpty());
    EXPECT_THAT(found({script, with_maker}), IsEmpty());
    EXPECT_THAT(found({script, child}), IsEmpty());
}

TEST(NeverSeen, AMakerWhosePidIsUsedAgainHasEnded) {
    const Process successor = ProcessBuilder(102, 1, "vim").started(5000);
    EXPECT_THAT(found({successor, piped()}), SizeIs(1));
}

TEST(NeverSeen, ALivingServersBrowserIsItsHelper) {
    Process browser = piped(kProfile, EndState::open, EndState::open);
    browser.parent = 102;
    const std::vector<Server> servers = found(Processes{client()} + server() + Processes{browser});
    ASSERT_THAT(servers, SizeIs(1));
    EXPECT_FALSE(servers[0].left_over);
    EXPECT_THAT(pids(servers[0]), ElementsAre(100, 101, 102, 300));
}

// ---- the memory itself

TEST(Memory, ForgetsWhatHasEnded) {
    Host host;
    host.see(Processes{client()} + server() + browser(102, EndState::open));
    EXPECT_EQ(host.remembered(), 5u);
    host.see(browser(1, EndState::closed));
    EXPECT_EQ(host.remembered(), 2u);
    host.see({});
    EXPECT_EQ(host.remembered(), 0u);
}

TEST(Memory, KnowsNothingOfSuspectedServers) {
    const Process suspect =
        ProcessBuilder(100, 50, "node").argv({"node", "tool.js"}).sockets(7, 8).made_by(50);
    Host host;
    const Snapshot snapshot = host.see({client(), suspect});
    ASSERT_THAT(snapshot.servers, SizeIs(1));
    ASSERT_TRUE(snapshot.servers[0].suspected());
    EXPECT_EQ(host.remembered(), 0u);
}

}  // namespace
}  // namespace reaper::scan
