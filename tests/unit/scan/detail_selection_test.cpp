#include "scan/detail_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace reaper::scan {
namespace {

using classify::Classification;
using classify::LauncherKind;
using classify::Role;

using ::testing::UnorderedElementsAre;

/// A host built row by row; pids count from 1, in order.
struct Host {
    std::vector<Process> processes;
    std::vector<Classification> classes;

    pid_t add(pid_t parent, Role role = Role::none, const std::string& comm = "x") {
        Process process;
        process.id = {.pid = static_cast<pid_t>(processes.size() + 1), .start = Ticks(1)};
        process.parent = parent;
        process.comm = comm;
        process.state = 'S';
        processes.push_back(process);
        Classification said;
        said.role = role;
        if (role == Role::launcher) said.wraps = LauncherKind::wrapper;
        classes.push_back(said);
        return process.id.pid;
    }
    Process& process(pid_t pid) { return processes.at(static_cast<std::size_t>(pid - 1)); }
    Classification& said(pid_t pid) { return classes.at(static_cast<std::size_t>(pid - 1)); }

    Look look(pid_t pid) const {
        return choose_looks(ProcessTree(processes), classes).at(static_cast<std::size_t>(pid - 1));
    }
    Look look_if_connected(pid_t pid) const {
        const ProcessTree tree(processes);
        return choose_looks_if_connected(tree, classes).at(static_cast<std::size_t>(pid - 1));
    }
};

TEST(Selection, WhoHasNothingToDoWithServersIsLeftAlone) {
    Host host;
    const pid_t init = host.add(0);
    const pid_t shell = host.add(init);
    const pid_t editor = host.add(shell);
    const pid_t client = host.add(shell, Role::client);
    EXPECT_EQ(host.look(init), Look::none);
    EXPECT_EQ(host.look(shell), Look::none);
    EXPECT_EQ(host.look(editor), Look::none);
    EXPECT_EQ(host.look(client), Look::none);
}

TEST(Selection, ServersAndLaunchersAreLookedAtFullyOthersThatMayBeIfConnected) {
    Host host;
    const pid_t init = host.add(0);
    const pid_t client = host.add(init, Role::client);
    const pid_t server = host.add(client, Role::server);
    const pid_t launcher = host.add(client, Role::launcher);
    const pid_t shell = host.add(client);
    host.said(shell).wraps = LauncherKind::wrapper;
    const pid_t script = host.add(client);
    host.said(script).undecided = true;
    for (const pid_t pid : {server, launcher}) EXPECT_EQ(host.look(pid), Look::full) << pid;
    for (const pid_t pid : {shell, script}) {
        EXPECT_EQ(host.look(pid), Look::none) << pid;
        EXPECT_EQ(host.look_if_connected(pid), Look::full) << pid;
    }
}

TEST(Selection, WrappersAboveAServerAreLookedAtFully) {
    Host host;
    const pid_t npm = host.add(host.add(0));
    const pid_t shell = host.add(npm);
    for (const pid_t pid : {npm, shell}) host.said(pid).wraps = LauncherKind::wrapper;
    host.add(shell, Role::server);
    for (const pid_t pid : {npm, shell}) EXPECT_EQ(host.look(pid), Look::full) << pid;
}

TEST(Selection, WhatALaunchersChainStartsIsLookedAtFullyAndItsHelpersForTheirLinks) {
    Host host;
    const pid_t client = host.add(host.add(0), Role::client);
    const pid_t npm = host.add(client, Role::launcher);
    const pid_t shell = host.add(npm);
    host.said(shell).wraps = LauncherKind::wrapper;
    const pid_t binary = host.add(shell);
    const pid_t browser = host.add(binary);
    const pid_t renderer = host.add(browser);
    EXPECT_EQ(host.look(binary), Look::full);
    EXPECT_EQ(host.look(browser), Look::links);
    EXPECT_EQ(host.look(renderer), Look::links);
}

TEST(Selection, AnAgentBelowAServerIsLookedAtForItsLinks) {
    Host host;
    const pid_t server = host.add(host.add(0), Role::server);
    const pid_t agent = host.add(server, Role::client);
    EXPECT_EQ(host.look(agent), Look::links);
}

TEST(Selection, WhoLostItsParentIsLookedAtIfConnectedAndItsUserHasServers) {
    Host host;
    const pid_t init = host.add(0);
    const pid_t manager = host.add(init, Role::none, "systemd");
    const pid_t helper = host.add(init);
    const pid_t session_helper = host.add(manager);
    const pid_t foreign_helper = host.add(init);
    host.process(foreign_helper).uid = 1000;
    const pid_t below_a_shell = host.add(host.add(manager, Role::none, "bash"));
    EXPECT_EQ(host.look_if_connected(helper), Look::none);

    host.add(below_a_shell, Role::server);
    EXPECT_EQ(host.look_if_connected(helper), Look::links);
    EXPECT_EQ(host.look_if_connected(session_helper), Look::links);
    EXPECT_EQ(host.look_if_connected(foreign_helper), Look::none);
    EXPECT_EQ(host.look_if_connected(below_a_shell), Look::none);
}

TEST(Selection, ZombiesAndKernelThreadsHaveNothingToShow) {
    Host host;
    const pid_t server = host.add(host.add(0), Role::server);
    const pid_t zombie = host.add(server);
    host.process(zombie).state = 'Z';
    const pid_t thread = host.add(0);
    host.process(thread).kernel_thread = true;
    EXPECT_EQ(host.look(zombie), Look::none);
    EXPECT_EQ(host.look(thread), Look::none);
}

TEST(Selection, DescendantsAreAllThoseBelow) {
    Host host;
    const pid_t init = host.add(0);
    const pid_t root = host.add(init);
    host.add(root);
    host.add(init);
    host.add(3);
    const ProcessTree tree(host.processes);
    const std::array<Index, 1> roots{1};
    EXPECT_THAT(descendants_of(tree, roots), UnorderedElementsAre(2U, 4U));
}

// ---- what a server may have left behind

constexpr char kPiped[] =
    "chrome\0--user-data-dir=/home/dev/.cache/ms-playwright-mcp/mcp-chrome-1\0--remote-debugging-pipe";
constexpr char kByPort[] =
    "chrome\0--user-data-dir=/home/dev/.cache/ms-playwright-mcp/mcp-chrome-1\0--remote-debugging-port=0";

/// With the NULs between its arguments.
template <std::size_t N>
std::string command(const char (&text)[N]) {
    return std::string(text, N);
}

Look look_with_browsers(const Host& host, pid_t pid) {
    const ProcessTree tree(host.processes);
    return choose_looks(tree, host.classes, forsaken_browsers(tree))
        .at(static_cast<std::size_t>(pid - 1));
}

TEST(Selection, ABrowserWithADebuggingPipeIsLookedAtFullyAndWhatItStartedForItsMemory) {
    Host host;
    const pid_t init = host.add(0, Role::none, "systemd");
    const pid_t browser = host.add(init, Role::none, "chrome");
    const pid_t renderer = host.add(browser);
    host.process(browser).cmdline = command(kPiped);
    EXPECT_EQ(look_with_browsers(host, browser), Look::full);
    EXPECT_EQ(look_with_browsers(host, renderer), Look::links);
    host.process(browser).cmdline = "chrome";
    EXPECT_EQ(look_with_browsers(host, browser), Look::none);
    EXPECT_EQ(look_with_browsers(host, renderer), Look::none);
}

TEST(Selection, ABrowserOnAPortIsLookedAtOnlyWithoutAParent) {
    Host host;
    const pid_t init = host.add(0, Role::none, "systemd");
    const pid_t script = host.add(init);
    const pid_t kept = host.add(script, Role::none, "chrome");
    const pid_t alone = host.add(init, Role::none, "chrome");
    host.process(kept).cmdline = host.process(alone).cmdline = command(kByPort);
    EXPECT_EQ(look_with_browsers(host, kept), Look::none);
    EXPECT_EQ(look_with_browsers(host, alone), Look::full);
}

TEST(Selection, ALivingServersBrowserNeedsNoCloserLookThanItsOtherHelpers) {
    Host host;
    const pid_t server = host.add(host.add(0), Role::server);
    const pid_t browser = host.add(server, Role::none, "chrome");
    host.process(browser).cmdline = command(kPiped);
    EXPECT_EQ(look_with_browsers(host, browser), Look::links);
}

TEST(Selection, WhatIsRememberedIsLookedAtFullyWhereItStandsAlone) {
    Host host;
    const pid_t init = host.add(0, Role::none, "systemd");
    const pid_t server = host.add(init, Role::server);
    const pid_t helper = host.add(server);
    const pid_t below = host.add(helper);
    const pid_t stranger = host.add(init);
    Snapshot snapshot;
    snapshot.servers.emplace_back();
    for (const pid_t pid : {server, helper, below}) {
        Member member;
        member.id = host.process(pid).id;
        snapshot.servers[0].members.push_back(member);
    }
    Sample sample;
    sample.processes = host.processes;
    const Memory memory = remember({}, snapshot, sample);

    host.process(server).state = 'Z';
    host.process(helper).parent = init;
    std::vector<Look> looks(host.processes.size(), Look::none);
    look_at_remembered(looks, ProcessTree(host.processes), memory);
    EXPECT_THAT(looks,
                ::testing::ElementsAre(Look::none, Look::none, Look::full, Look::links, Look::none));
    EXPECT_EQ(stranger, 5);
}

}  // namespace
}  // namespace reaper::scan
