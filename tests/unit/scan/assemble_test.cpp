#include "scan/assemble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/sample_builder.h"

using namespace reaper;
using namespace reaper::scan;
using reaper::test::ProcessBuilder;
using reaper::test::sample_of;
using testing::ElementsAre;
using testing::SizeIs;
using testing::UnorderedElementsAre;

namespace {

const classify::Classifier& classifier() {
    static const classify::Classifier one =
        std::move(classify::Classifier::compile({{"weather", "weather.*mcp|mcp.*weather"}}).value());
    return one;
}

Snapshot assembled(const std::vector<Process>& processes) {
    return assemble(sample_of(processes), classifier());
}

std::vector<pid_t> pids(const Server& server) {
    std::vector<pid_t> all;
    for (const Member& member : server.members) all.push_back(member.id.pid);
    return all;
}

Process client(pid_t pid, pid_t parent = 1) {
    return ProcessBuilder(pid, parent, "claude").argv({"claude"});
}

/// What `npx -y weather-mcp` is: three processes that share the client's sockets.
std::vector<Process> npx_chain(pid_t first, pid_t parent, pid_t maker, std::uint64_t inode,
                               EndState state = EndState::open) {
    return {ProcessBuilder(first, parent, "npm exec weathe")
                .title("npm exec weather-mcp")
                .sockets(inode, inode + 1, state)
                .made_by(maker),
            ProcessBuilder(first + 1, first, "sh")
                .argv({"sh", "-c", "'weather-mcp'"})
                .sockets(inode, inode + 1, state)
                .made_by(maker),
            ProcessBuilder(first + 2, first + 1, "node")
                .argv({"node", "/x/node_modules/.bin/weather-mcp"})
                .sockets(inode, inode + 1, state)
                .made_by(maker)};
}

std::vector<Process> operator+(std::vector<Process> a, const std::vector<Process>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

}  // namespace

TEST(Assemble, NpxChainIsOneServer) {
    const Snapshot snapshot = assembled(std::vector{client(100)} + npx_chain(200, 100, 100, 7));
    ASSERT_THAT(snapshot.servers, SizeIs(1));
    const Server& server = snapshot.servers[0];
    EXPECT_THAT(pids(server), ElementsAre(200, 201, 202));
    EXPECT_EQ(server.type, "weather");
    EXPECT_EQ(server.launcher, "npm exec");
    EXPECT_EQ(server.server_process->pid, 202);
    EXPECT_EQ(server.id.pid, 202);
    EXPECT_EQ(server.channel, Channel::open);
    EXPECT_EQ(server.standalone, false);
    ASSERT_TRUE(server.client.has_value());
    EXPECT_EQ(server.client->pid, 100);
    EXPECT_EQ(server.client->name, "claude");
    EXPECT_TRUE(server.client->alive);
    EXPECT_EQ(server.client->source, Client::Source::socket);
}

TEST(Assemble, TwoLaunchesAreTwoServers) {
    const Snapshot snapshot =
        assembled(std::vector{client(100)} + npx_chain(200, 100, 100, 7) + npx_chain(300, 100, 100, 17));
    EXPECT_THAT(snapshot.servers, SizeIs(2));
}

TEST(Assemble, ServerWithoutItsLauncherIsStillItself) {
    // SIGTERM to npm: npm and sh die, node lives on, adopted by init.
    std::vector<Process> chain = npx_chain(200, 100, 100, 7);
    chain.erase(chain.begin(), chain.begin() + 2);
    chain[0].parent = 1;
    const Snapshot snapshot = assembled(std::vector{client(100)} + chain);
    ASSERT_THAT(snapshot.servers, SizeIs(1));
    EXPECT_EQ(snapshot.servers[0].client->pid, 100) << "its socket still names its maker";
}

TEST(Assemble, LauncherAndItsAdoptedChildAreOneByTheirStdin) {
    std::vector<Process> chain = npx_chain(200, 100, 100, 7);
    chain.erase(chain.begin() + 1);
    chain[1].parent = 1;
    const Snapshot snapshot = assembled(std::vector{client(100)} + chain);
    ASSERT_THAT(snapshot.servers, SizeIs(1));
    EXPECT_THAT(pids(snapshot.servers[0]), ElementsAre(200, 202));

    chain[1].cmdline = std::string("node\0/x/.bin/other-mcp\0", 23);
    EXPECT_THAT(assembled(std::vector{client(100)} + chain).servers, SizeIs(2))
        << "a script's stdin, shared by two";
}

TEST(Assemble, ClosedOnBothEndsAndListeningNowhereIsAnOrphan) {
    const Snapshot snapshot = assembled(npx_chain(200, 1, 100, 7, EndState::closed));
    ASSERT_THAT(snapshot.servers, SizeIs(1));
    EXPECT_TRUE(snapshot.servers[0].orphan());
    ASSERT_TRUE(snapshot.servers[0].client.has_value());
    EXPECT_FALSE(snapshot.servers[0].client->alive);
}

TEST(Assemble, HalfClosedIsNoOrphan) {
    std::vector<Process> chain = npx_chain(200, 1, 100, 7, EndState::closed);
    for (Process& process : chain) process.detail->out->state = EndState::open;
    EXPECT_EQ(assembled(chain).servers[0].channel, Channel::open);
}

TEST(Assemble, WhatMayNotBeLookedAtIsUnknownAndInUse) {
    std::vector<Process> chain = npx_chain(200, 1, 100, 7);
    for (Process& process : chain) process.detail.reset();
    const Server server = assembled(chain).servers[0];
    EXPECT_EQ(server.channel, Channel::unknown);
    EXPECT_FALSE(server.standalone.has_value());
    EXPECT_TRUE(server.in_use());
    EXPECT_FALSE(server.orphan());
}

TEST(Assemble, ServerThatListensIsStandalone) {
    std::vector<Process> chain = npx_chain(200, 1, 100, 7, EndState::closed);
    chain[2].detail->listening->push_back("tcp 127.0.0.1:8931");
    const Server server = assembled(chain).servers[0];
    EXPECT_EQ(server.standalone, true);
    EXPECT_FALSE(server.orphan());
}

TEST(Assemble, ListeningHelperDoesNotMakeItStandalone) {
    const std::vector<Process> browser = {ProcessBuilder(300, 202, "chromium")
                                              .argv({"/usr/lib/chromium/chromium", "--headless"})
                                              .listens("tcp 127.0.0.1:9222")};
    const std::vector<Process> all = npx_chain(200, 1, 100, 7, EndState::closed) + browser;
    EXPECT_TRUE(assembled(all).servers[0].orphan());
    const Snapshot trusting = assemble(sample_of(all), classifier(), nullptr, {{"weather"}});
    EXPECT_EQ(trusting.servers[0].standalone, true) << "where the policy says `listens: helper`";
}

TEST(Assemble, ListsEverySocketThatAServerListensOnOnce) {
    std::vector<Process> chain = npx_chain(200, 1, 100, 7, EndState::closed);
    chain[1].detail->listening = {"tcp 127.0.0.1:8931"};  // Inherited by its child.
    chain[2].detail->listening = {"tcp 127.0.0.1:8931", "tcp [::1]:9009"};
    const std::vector<Process> browser = {ProcessBuilder(300, 202, "chromium")
                                              .argv({"/usr/lib/chromium/chromium", "--headless"})
                                              .listens("tcp 127.0.0.1:9222")};
    const std::vector<Process> all = chain + browser;
    EXPECT_THAT(assembled(all).servers[0].listening,
                ElementsAre("tcp 127.0.0.1:8931", "tcp [::1]:9009"));
    const Snapshot trusting = assemble(sample_of(all), classifier(), nullptr, {{"weather"}});
    EXPECT_THAT(trusting.servers[0].listening, SizeIs(3));
    EXPECT_THAT(assembled(npx_chain(200, 1, 100, 7)).servers[0].listening, SizeIs(0));
}

TEST(Assemble, LauncherWithoutItsServerYetIsKept) {
    std::vector<Process> chain = npx_chain(200, 1, 100, 7, EndState::closed);
    chain.resize(1);
    const Server server = assembled(chain).servers[0];
    EXPECT_FALSE(server.server_process.has_value());
    EXPECT_FALSE(server.standalone.has_value());
    EXPECT_FALSE(server.orphan());
}

TEST(Assemble, UnitsMainProcessIsStandalone) {
    std::vector<Process> chain = npx_chain(200, 1, 100, 7, EndState::closed);
    chain[0].detail->main_of_unit = "weather.service";
    const Server server = assembled(chain).servers[0];
    EXPECT_TRUE(server.unit_main);
    EXPECT_FALSE(server.orphan());
}

namespace {

constexpr const char* kBrowser = "/usr/lib/chromium/chromium";
constexpr const char* kCrashHandler = "/usr/lib/chromium/chrome_crashpad_handler";

std::vector<Process> browser_of(pid_t server) {
    return {
        ProcessBuilder(300, server, "chromium")
            .argv({"chromium", "--headless"})
            .exe(kBrowser)
            .sockets(50, 51),
        ProcessBuilder(301, 300, "chromium").title("chromium --type=zygote --no-sandbox").exe(kBrowser)};
}

}  // namespace

TEST(Assemble, BrowserBelongsToItsServerWithItsCrashHandler) {
    const Process handler = ProcessBuilder(302, 1, "chrome_crashpad")
                                .argv({"chrome_crashpad_handler"})
                                .exe(kCrashHandler)
                                .sockets(50, 60);
    const Snapshot snapshot =
        assembled(npx_chain(200, 1, 100, 7) + browser_of(202) + std::vector{handler});
    ASSERT_THAT(snapshot.servers, SizeIs(1));
    EXPECT_THAT(pids(snapshot.servers[0]), ElementsAre(200, 201, 202, 300, 301, 302));
}

TEST(Assemble, CrashHandlerIsKnownUnderAnySubreaperByTheSessionItWasBornIn) {
    // Any ancestor may have made itself a subreaper; here it is the client.
    const auto handler = [](pid_t session) {
        return ProcessBuilder(302, 100, "chrome_crashpad")
            .argv({"chrome_crashpad_handler"})
            .exe(kCrashHandler)
            .sockets(50, 60)
            .session(session);
    };
    const auto processes = [&](pid_t session) {
        return pids(assembled(std::vector{client(100)} + npx_chain(200, 100, 100, 7) + browser_of(202) +
                              std::vector<Process>{handler(session)})
                        .servers[0]);
    };
    EXPECT_THAT(processes(299), ElementsAre(200, 201, 202, 300, 301, 302));
    EXPECT_THAT(processes(0), ElementsAre(200, 201, 202, 300, 301))
        << "the client's own session: its child";
    EXPECT_THAT(processes(302), ElementsAre(200, 201, 202, 300, 301))
        << "leads a session: the client's child";
}

TEST(Assemble, StrangersAreNotAdopted) {
    const auto stranger = [](pid_t pid) {
        return ProcessBuilder(pid, 1, "chrome_crashpad")
            .argv({"chrome_crashpad_handler"})
            .exe(kCrashHandler);
    };
    const std::vector<Process> strangers = {
        stranger(150).sockets(50, 60),              // older than the browser
        stranger(310).sockets(50, 60).owner(2000),  // another user's
        stranger(311).sockets(51, 60),              // at the other end of its stdout
        stranger(312).sockets(70, 71),              // with nothing in common
        ProcessBuilder(313, 1, "daemon").argv({"daemon"}).exe("/usr/sbin/daemon").sockets(50, 51),
        ProcessBuilder(314, 1, "bash").argv({"bash"}),
        ProcessBuilder(315, 314, "chrome_crashpad").argv({"x"}).exe(kCrashHandler).sockets(50, 60)};
    const Snapshot snapshot = assembled(npx_chain(200, 1, 100, 7) + browser_of(202) + strangers);
    EXPECT_THAT(pids(snapshot.servers[0]), ElementsAre(200, 201, 202, 300, 301));
}

TEST(Assemble, WhoeverSharesTheServersOwnStdinOrStdoutIsNotAdopted) {
    // A script gave all it started the same stdin and stdout; one of them went into the background.
    std::vector<Process> chain = npx_chain(200, 1, 100, 7);
    for (Process& process : chain) process.detail->exe = "/usr/bin/node";
    const Process helper =
        ProcessBuilder(300, 202, "node").argv({"node", "w.js"}).exe("/usr/bin/node").sockets(7, 8);
    const Process stray =
        ProcessBuilder(301, 1, "node").argv({"node", "build.js"}).exe("/usr/bin/node").sockets(7, 8);
    EXPECT_THAT(pids(assembled(chain + std::vector{helper, stray}).servers[0]),
                ElementsAre(200, 201, 202, 300));
}

TEST(Assemble, InnerServerOfABridgeIsItsOwnWithTheBridgeAsClient) {
    const std::vector<Process> bridge = {ProcessBuilder(200, 100, "node")
                                             .argv({"node", "/x/node_modules/.bin/foo-mcp-gateway"})
                                             .sockets(7, 8)
                                             .made_by(100),
                                         ProcessBuilder(201, 200, "sh")
                                             .argv({"/bin/sh", "-c", "npx -y weather-mcp"})
                                             .sockets(17, 18)
                                             .made_by(200)};
    std::vector<Process> inner = npx_chain(300, 201, 200, 17);
    const Snapshot snapshot = assembled(std::vector{client(100)} + bridge + inner);
    ASSERT_THAT(snapshot.servers, SizeIs(2));
    EXPECT_THAT(pids(snapshot.servers[0]), ElementsAre(200));
    EXPECT_THAT(pids(snapshot.servers[1]), ElementsAre(201, 300, 301, 302));
    EXPECT_EQ(snapshot.servers[1].client->pid, 200);
    EXPECT_EQ(snapshot.servers[1].launcher, "npm exec");
}

TEST(Assemble, PartThatCallsItselfByTheServersNameIsAPart) {
    const std::vector<Process> worker = {
        ProcessBuilder(300, 202, "node").argv({"node", "/x/node_modules/weather-mcp/dist/worker.js"})};
    EXPECT_THAT(assembled(npx_chain(200, 1, 100, 7) + worker).servers, SizeIs(1));
}

TEST(Assemble, SupervisedServerHasTheSupervisorsChannel) {
    // nodemon gives its child a stdin of its own; the client's is nodemon's.
    const auto loop = [](EndState state) {
        return std::vector<Process>{
            ProcessBuilder(200, 1, "node")
                .argv({"node", "/x/.bin/nodemon", "--exec", "node weather-mcp.js"})
                .sockets(7, 8, state)
                .made_by(100),
            ProcessBuilder(201, 200, "sh")
                .argv({"sh", "-c", "node weather-mcp.js"})
                .sockets(17, 8, EndState::open)
                .made_by(200),
            ProcessBuilder(202, 201, "node")
                .argv({"node", "weather-mcp.js"})
                .sockets(17, 8, EndState::open)
                .made_by(200)};
    };
    std::vector<Process> dead = loop(EndState::closed);
    for (Process& process : dead) process.detail->out->state = EndState::closed;
    dead[1].detail->out->maker = dead[2].detail->out->maker = 100;
    const Snapshot snapshot = assembled(dead);
    ASSERT_THAT(snapshot.servers, SizeIs(1));
    EXPECT_EQ(snapshot.servers[0].launcher_kind, classify::LauncherKind::supervisor);
    EXPECT_TRUE(snapshot.servers[0].orphan()) << to_string(snapshot.servers[0].in.state);
    EXPECT_EQ(assembled(std::vector{client(100)} + loop(EndState::open)).servers[0].channel,
              Channel::open);
}

TEST(Assemble, ScriptWithOtherChildrenIsNobodysLauncher) {
    const std::vector<Process> all = {
        ProcessBuilder(200, 1, "npm run dev").title("npm run dev").sockets(3, 4),
        ProcessBuilder(201, 200, "node").argv({"node", "/x/node_modules/.bin/vite"}).sockets(3, 4),
        ProcessBuilder(202, 200, "node")
            .argv({"node", "/x/node_modules/.bin/weather-mcp"})
            .sockets(3, 4)};
    const Snapshot snapshot = assembled(all);
    ASSERT_THAT(snapshot.servers, SizeIs(1));
    EXPECT_THAT(pids(snapshot.servers[0]), ElementsAre(202));
}

TEST(Assemble, ScriptWithTheServerAsItsOnlyChildIsItsLauncher) {
    const std::vector<Process> all = {
        ProcessBuilder(200, 1, "npm run mcp").title("npm run mcp").sockets(3, 4),
        ProcessBuilder(201, 200, "node")
            .argv({"node", "/x/node_modules/.bin/weather-mcp"})
            .sockets(3, 4)};
    EXPECT_THAT(pids(assembled(all).servers[0]), ElementsAre(200, 201));
}

TEST(Assemble, AgentInsideAServerIsToldAndLeftOut) {
    const std::vector<Process> inside = {ProcessBuilder(300, 202, "bash").argv({"bash"}),
                                         ProcessBuilder(301, 300, "claude").argv({"claude"}),
                                         ProcessBuilder(302, 301, "rg").argv({"rg", "x"})};
    const Server server = assembled(npx_chain(200, 1, 100, 7, EndState::closed) + inside).servers[0];
    EXPECT_EQ(server.contains_protected, "claude (pid 301)");
    EXPECT_THAT(pids(server), ElementsAre(200, 201, 202, 300));
}

TEST(Assemble, TerminalMultiplexerInsideAServerIsProtected) {
    const std::vector<Process> inside = {ProcessBuilder(300, 202, "tmux: server").argv({"tmux"})};
    EXPECT_EQ(assembled(npx_chain(200, 1, 100, 7) + inside).servers[0].contains_protected,
              "tmux: server (pid 300)");
}

TEST(Assemble, UnknownScriptOfAKnownClientIsSuspected) {
    const Snapshot snapshot = assembled({client(100), ProcessBuilder(200, 100, "node")
                                                          .argv({"node", "/srv/things/dist/index.js"})
                                                          .sockets(7, 8)
                                                          .made_by(100)});
    ASSERT_THAT(snapshot.servers, SizeIs(1));
    EXPECT_TRUE(snapshot.servers[0].suspected());
    EXPECT_EQ(snapshot.servers[0].type, "things");
}

TEST(Assemble, ScriptOfSomebodyElseIsNothing) {
    EXPECT_THAT(assembled({ProcessBuilder(100, 1, "node").argv({"node", "runner.js"}),
                           ProcessBuilder(200, 100, "node")
                               .argv({"node", "/srv/dist/index.js"})
                               .sockets(7, 8)
                               .made_by(100)})
                    .servers,
                SizeIs(0));
    EXPECT_THAT(
        assembled({client(100), ProcessBuilder(200, 100, "node").argv({"node", "/srv/dist/index.js"})})
            .servers,
        SizeIs(0))
        << "its stdin is /dev/null";
}

TEST(Assemble, LanguageServerIsNothing) {
    EXPECT_THAT(
        assembled({ProcessBuilder(100, 1, "code").argv({"/usr/share/code/code"}),
                   ProcessBuilder(200, 100, "node")
                       .argv({"node", "/x/node_modules/.bin/typescript-language-server", "--stdio"})
                       .sockets(7, 8)
                       .made_by(100),
                   ProcessBuilder(201, 100, "node")
                       .argv({"node", "/x/ext/server.js", "--node-ipc"})
                       .sockets(9, 10)
                       .made_by(100)})
            .servers,
        SizeIs(0));
}

TEST(Assemble, RelativeScriptIsKnownByItsDirectory) {
    const Snapshot snapshot = assembled({client(100), ProcessBuilder(200, 100, "node")
                                                          .argv({"node", "dist/index.js"})
                                                          .cwd("/x/node_modules/@acme/weather-mcp")
                                                          .sockets(7, 8)
                                                          .made_by(100)});
    ASSERT_THAT(snapshot.servers, SizeIs(1));
    EXPECT_EQ(snapshot.servers[0].type, "weather");
    EXPECT_FALSE(snapshot.servers[0].suspected());
}

TEST(Client, IsTheNearestAncestorWhereNoSocketTells) {
    std::vector<Process> all = {
        client(100), ProcessBuilder(150, 100, "zsh").argv({"zsh", "-c", "x"}),
        ProcessBuilder(200, 150, "python3").argv({"python3", "-m", "mcp_weather"}).pipes(7, 8)};
    const Server server = assembled(all).servers[0];
    ASSERT_TRUE(server.client.has_value());
    EXPECT_EQ(server.client->pid, 100);
    EXPECT_EQ(server.client->source, Client::Source::ancestry);
}

TEST(Client, IsNobodyInATerminal) {
    const std::vector<Process> all = {
        ProcessBuilder(100, 1, "tmux: server").argv({"tmux"}),
        ProcessBuilder(150, 100, "bash").argv({"-bash"}),
        ProcessBuilder(200, 150, "python3").argv({"python3", "-m", "mcp_weather"})};
    EXPECT_FALSE(assembled(all).servers[0].client.has_value());
}

TEST(Client, WhosePidWasTakenByAYoungerProcessIsDead) {
    std::vector<Process> all = npx_chain(200, 1, 100, 7, EndState::closed);
    all.push_back(ProcessBuilder(100, 1, "claude").argv({"claude"}).started(9000));
    const Server server = assembled(all).servers[0];
    ASSERT_TRUE(server.client.has_value());
    EXPECT_FALSE(server.client->alive);
}

TEST(Usage, IsTheSumOverItsProcessesAndTheWindow) {
    std::vector<Process> chain = npx_chain(200, 1, 100, 7);
    Sample before = sample_of(chain);
    before.monotonic -= std::chrono::seconds(2);
    for (Process& process : chain) process.cpu_time = Ticks(50);
    const Server server = assemble(sample_of(chain), classifier(), &before).servers[0];
    EXPECT_NEAR(server.usage.cpu->value, 75.0, 0.01);
    EXPECT_EQ(server.usage.memory, Bytes::from_mib(30));
    EXPECT_EQ(server.usage.resident, Bytes::from_mib(150));
    EXPECT_EQ(server.usage.processes, 3U);
    EXPECT_EQ(server.usage.age, std::chrono::seconds(10'000 - 12));
    EXPECT_FALSE(assembled(chain).servers[0].usage.cpu.has_value()) << "one sample has no rate";
}

TEST(Assemble, ZombieOfAServerIsToldAndCountsForNothing) {
    const Server server = assembled(npx_chain(200, 1, 100, 7) +
                                    std::vector<Process>{ProcessBuilder(300, 202, "node").zombie()})
                              .servers[0];
    EXPECT_EQ(server.zombies(), 1U);
    EXPECT_EQ(server.usage.processes, 3U);
}

TEST(Assemble, CyclesInARecordingEnd) {
    // Each the other's parent and launcher, with a server below: every walk upwards must end.
    const Snapshot snapshot =
        assembled({ProcessBuilder(200, 201, "npm run a").title("npm run a").started(5),
                   ProcessBuilder(201, 200, "npm run b").title("npm run b").started(5),
                   ProcessBuilder(202, 200, "node").argv({"node", "weather-mcp.js"}),
                   ProcessBuilder(203, 203, "node").argv({"node", "weather-mcp.js"})});
    EXPECT_THAT(snapshot.servers, SizeIs(2));
}

TEST(Assemble, PersonsBrowserBelowAServerMakesItReportedOnly) {
    const std::vector<Process> opened = {
        ProcessBuilder(300, 202, "firefox").argv({"/usr/lib/firefox/firefox", "https://login.example"})};
    const Server server = assembled(npx_chain(200, 1, 100, 7, EndState::closed) + opened).servers[0];
    EXPECT_EQ(server.contains_protected, "firefox (pid 300)");
    EXPECT_THAT(pids(server), ElementsAre(200, 201, 202)) << "it is no part of the server";
}

TEST(Assemble, ServerThatStartedTheProgramThatLooksIsReportedOnly) {
    const std::vector<Process> we = {
        ProcessBuilder(300, 202, "sh").argv({"sh", "-c", "mcp-reaper scan"}),
        ProcessBuilder(301, 300, "mcp-reaper").argv({"mcp-reaper", "scan"})};
    Sample sample = sample_of(npx_chain(200, 1, 100, 7, EndState::closed) + we);
    EXPECT_EQ(assemble(sample, classifier()).servers[0].contains_protected, "");
    sample.viewer.self = 301;
    EXPECT_THAT(assemble(sample, classifier()).servers[0].contains_protected,
                testing::HasSubstr("(pid 301)"));
}
