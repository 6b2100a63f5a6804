// Processes that no scan may stumble over: names and arguments made to confuse, processes that end in
// mid-scan, that are dead already, that may not be looked at. What is said stays valid, and harmless.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <list>

#include "guardian.h"
#include "program.h"
#include "reaper_run.h"
#include "scratch.h"

namespace reaper::integration {
namespace {

using ::testing::IsEmpty;
namespace fs = std::filesystem;

constexpr uid_t kNobody = 65534;

class HostileProcess : public ::testing::Test {
  protected:
    void TearDown() override { end_what_was_started(); }

    /// A process with that command line and, if one is given, that comm. Its channel is open: we are
    /// its client.
    Program& start(const std::vector<std::string>& argv, StartOptions options = {},
                   const std::string& comm = "") {
        options.file = REAPER_SUBJECT;
        if (!comm.empty()) options.environment["SUBJECT_COMM"] = comm;
        Program& program = programs_.emplace_back(argv, options);
        EXPECT_EQ(program.read_line(10s), "ready");
        return program;
    }

    Scratch scratch_;
    std::list<Program> programs_;
};

/// Nothing but text, spaces and newlines: nothing that a terminal obeys.
::testing::AssertionResult is_harmless(const std::string& output) {
    for (std::size_t i = 0; i < output.size(); ++i) {
        const auto byte = static_cast<unsigned char>(output[i]);
        if ((byte < 0x20 && byte != '\n') || byte == 0x7f) {
            return ::testing::AssertionFailure()
                   << "byte " << int{byte} << " at " << i
                   << " in: " << json(output).dump(-1, ' ', true, json::error_handler_t::replace);
        }
        // C1 control characters, as UTF-8: some terminals obey U+009B as ESC [.
        if (byte == 0xc2 && i + 1 < output.size() && static_cast<unsigned char>(output[i + 1]) < 0xa0) {
            return ::testing::AssertionFailure() << "a C1 control character at " << i;
        }
    }
    return ::testing::AssertionSuccess();
}

void expect_harmless_reports(pid_t pid) {
    const ReaperRun table = run_reaper({"scan", "--dry-run", "--window", "0s"});
    EXPECT_EQ(table.exit_code, 0);
    EXPECT_TRUE(is_harmless(table.output));
    const ReaperRun told = run_reaper({"explain", std::to_string(pid), "--window", "0s"});
    EXPECT_EQ(told.exit_code, 0);
    EXPECT_TRUE(is_harmless(told.output));
    EXPECT_FALSE(told.output.empty());
    EXPECT_TRUE(
        is_harmless(run_reaper({"scan", "--dry-run", "--window", "0s", "--format", "json"}).output));
}

TEST_F(HostileProcess, WithEscapesAndNewlinesInItsArgumentsIsShownHarmlessly) {
    const pid_t pid = start({"mcp-server-\x1b[31mred", "--name", "a\nb\rc\td",
                             "\x9b"
                             "31m",
                             "\xc2\x9b"
                             "31m",
                             "\x1b]0;title\x07", "not utf-8: \xff\xfe\xc0\x80", "right to left: \u202e"},
                            {}, "\x1b[2J\nmcp")
                          .pid();
    start({"mcp-server-git", "a\nb"});
    EXPECT_FALSE(scan_host().is_null());
    expect_harmless_reports(pid);
}

TEST_F(HostileProcess, WithEscapesInItsNameIsShownHarmlesslyAsAClient) {
    const fs::path server = scratch_.path() / "mcp-server-time";
    fs::copy_file(REAPER_SUBJECT, server);
    StartOptions options;
    options.environment["SUBJECT_SERVER"] = server.string();
    const pid_t client = start({"/opt/\x1b[31magent\n", "\x1b[2J"}, options, "\x1b[31magent\n").pid();

    bool shown = false;
    const json scan = scan_host();
    for (const json& one : scan.at("servers")) {
        shown |= one.at("type") == "time" && one.at("client").is_object() &&
                 one.at("client").at("pid") == client;
    }
    EXPECT_TRUE(shown) << scan.dump(2);
    expect_harmless_reports(client);
}

TEST_F(HostileProcess, WithTwoMegabytesOfArgumentsIsReadUpToALimit) {
    StartOptions options;
    options.stack_limit = 64u << 20;  // A quarter of it may be arguments, 6 MiB at most.
    std::vector<std::string> argv = {"node", "/usr/lib/node_modules/mcp-server-git/index.js"};
    for (int i = 0; i < 20; ++i) argv.emplace_back(120'000, static_cast<char>('a' + i));
    const pid_t pid = start(argv, options).pid();

    const std::vector<json> servers = servers_with(scan_host(), {pid});
    ASSERT_EQ(servers.size(), 1u);
    EXPECT_EQ(servers[0].at("type"), "git");
    const ReaperRun told = run_reaper({"explain", std::to_string(pid), "--window", "0s"});
    EXPECT_EQ(told.exit_code, 0);
    EXPECT_LT(told.output.size(), 100'000u);
}

TEST_F(HostileProcess, WithoutArgumentsIsNoServer) {
    StartOptions blank;
    blank.environment["SUBJECT_BLANK"] = "1";
    const pid_t empty = start({""}).pid(), erased = start({"mcp-server-git", "--x"}, blank).pid();
    const pid_t nothing = start({}).pid();
    const json scan = scan_host();
    ASSERT_FALSE(scan.is_null());
    EXPECT_THAT(servers_with(scan, {empty, nothing}), IsEmpty());
    for (const pid_t pid : {empty, erased, nothing}) expect_harmless_reports(pid);
}

TEST_F(HostileProcess, WhoseNameLooksLikeTheRestOfStatIsReadRightly) {
    const pid_t pid = start({"node", "node_modules/.bin/mcp-server-git"}, {}, "foo) Z 1 1").pid();
    const std::vector<json> servers = servers_with(scan_host(), {pid});
    ASSERT_EQ(servers.size(), 1u);
    EXPECT_EQ(servers[0].at("type"), "git");
    EXPECT_NE(servers[0].at("status"), "zombie");
    EXPECT_EQ(servers[0].at("client").at("pid"), getpid());
}

TEST_F(HostileProcess, WithAServersNameInAnArgumentAfterANewlineIsNoServer) {
    const pid_t pid = start({"grep", "x\nmcp-server-git\nnpx -y mcp-server-git"}).pid();
    EXPECT_THAT(servers_with(scan_host(), {pid}), IsEmpty());
}

TEST_F(HostileProcess, ThatIsAZombieIsNoObstacle) {
    // Its name is all that is left of it, and we do not reap it until the scan is over.
    std::vector<pid_t> zombies;
    for (const char* name : {"mcp-server-git", "npm exec @model", "node", ") Z (", "\x1b[31m"}) {
        const pid_t pid = fork();
        if (pid == 0) {
            prctl(PR_SET_NAME, name);
            _exit(0);
        }
        siginfo_t info{};
        ASSERT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
        zombies.push_back(pid);
    }
    const json scan = scan_host();
    ASSERT_FALSE(scan.is_null());
    for (const pid_t pid : zombies) {
        for (const json& server : servers_with(scan, {pid})) EXPECT_EQ(server.at("status"), "zombie");
        expect_harmless_reports(pid);
    }
    for (const pid_t pid : zombies) waitpid(pid, nullptr, 0);
}

TEST_F(HostileProcess, WithAZombieChildIsAServerWithThatFinding) {
    StartOptions options;
    options.environment["SUBJECT_ZOMBIE"] = "1";
    const pid_t pid = start({"node", "node_modules/.bin/mcp-server-git"}, options).pid();
    const std::vector<json> servers = servers_with(scan_host(), {pid});
    ASSERT_EQ(servers.size(), 1u);
    EXPECT_EQ(servers[0].at("status"), "zombie");
    EXPECT_TRUE(finding(servers[0], "zombie").is_object());
    expect_harmless_reports(pid);
}

// Processes start and end all through each scan, some of them under servers' names.
TEST_F(HostileProcess, ThatEndsInMidScanIsNoError) {
    const fs::path server = scratch_.path() / "mcp-server-time";
    fs::copy_file("/bin/true", server);
    Program storm({"sh", "-c",
                   "echo ready; while :; do \"$0\" & \"$0\" --x & \"$0\" | cat >/dev/null & wait; done",
                   server.string()});
    ASSERT_EQ(storm.read_line(10s), "ready");
    for (int scans = 0; scans < 15; ++scans) EXPECT_FALSE(scan_host().is_null());
    const ReaperRun window = run_reaper({"scan", "--dry-run", "--window", "200ms"});
    EXPECT_EQ(window.exit_code, 0);
    EXPECT_TRUE(is_harmless(window.output));
}

TEST_F(HostileProcess, ThatEndedBeforeItIsExplainedIsAClearError) {
    const pid_t pid = start({"mcp-server-git"}).pid();
    programs_.back().kill();
    const ReaperRun told = run_reaper({"explain", std::to_string(pid), "--window", "0s"});
    EXPECT_EQ(told.exit_code, 1);
}

// What may not be looked at is unknown, and what is unknown is kept.
TEST_F(HostileProcess, ThatMayNotBeLookedAtIsNeverAnOrphan) {
    // To root all is open, so an ordinary user looks; an ordinary user may not look into what is
    // private.
    const bool root = getuid() == 0;
    StartOptions options;
    if (!root) options.environment["SUBJECT_PRIVATE"] = "1";
    Program& server = start({"node", "node_modules/.bin/mcp-server-git"}, options);
    server.close_input();
    server.close_output();

    const std::optional<uid_t> viewer = root ? std::optional<uid_t>(kNobody) : std::nullopt;
    const json scan = scan_host(viewer);
    const std::vector<json> servers = servers_with(scan, {server.pid()});
    ASSERT_EQ(servers.size(), 1u);
    EXPECT_EQ(servers[0].at("type"), "git");
    EXPECT_EQ(servers[0].at("channel"), "unknown");
    EXPECT_EQ(servers[0].at("channel_evidence").at("stdin").at("state"), "unknown");
    EXPECT_TRUE(servers[0].at("standalone").is_null());
    EXPECT_NE(servers[0].at("status"), "orphan");
    EXPECT_EQ(scan.at("viewer").at("sees_everything"), false);

    const ReaperRun table = run_reaper({"scan", "--dry-run", "--window", "0s"}, viewer);
    EXPECT_EQ(table.exit_code, 0);
    EXPECT_THAT(table.output, ::testing::HasSubstr("may not see")) << "what is not seen is to be told";
}

// The same server, seen by those who may: nothing was unknown about it.
TEST_F(HostileProcess, ThatMayBeLookedAtIsAnOrphan) {
    Program& server = start({"node", "node_modules/.bin/mcp-server-git"});
    server.close_input();
    server.close_output();
    const std::vector<json> servers = servers_with(scan_host(), {server.pid()});
    ASSERT_EQ(servers.size(), 1u);
    EXPECT_EQ(servers[0].at("channel"), "closed");
    EXPECT_EQ(servers[0].at("status"), "orphan");
}

// An ordinary user sees everything of what is theirs.
TEST_F(HostileProcess, OfAnOrdinaryUserIsFullySeenByThatUser) {
    if (getuid() != 0)
        GTEST_SKIP() << "takes root, to become another user; as that user all other tests ran";
    StartOptions as_nobody;
    as_nobody.user = kNobody;
    Program& held = start({"node", "node_modules/.bin/mcp-server-git"}, as_nobody);
    Program& left = start({"node", "node_modules/.bin/mcp-server-time"}, as_nobody);
    left.close_input();
    left.close_output();

    const json scan = scan_host(kNobody);
    const auto live = servers_with(scan, {held.pid()}), orphaned = servers_with(scan, {left.pid()});
    ASSERT_EQ(live.size(), 1u);
    ASSERT_EQ(orphaned.size(), 1u);
    EXPECT_EQ(live[0].at("channel"), "open");
    EXPECT_NE(live[0].at("status"), "orphan");
    EXPECT_EQ(orphaned[0].at("channel"), "closed");
    EXPECT_EQ(orphaned[0].at("status"), "orphan");
}

}  // namespace
}  // namespace reaper::integration
