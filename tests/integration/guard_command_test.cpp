// `mcp-reaper run` and the commands that tell of guards, as a user gives them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "held.h"
#include "processes.h"
#include "program.h"
#include "scratch.h"
#include "stubborn_server.h"

namespace reaper::integration {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

/// A user's world: directories and a policy of its own.
class GuardCommand : public ::testing::Test {
  protected:
    [[nodiscard]] StartOptions environment() const {
        StartOptions options;
        options.environment = {{"RUNTIME_DIRECTORY", path("run")}, {"STATE_DIRECTORY", path("state")}};
        return options;
    }
    [[nodiscard]] std::string path(const std::string& name) const {
        return (scratch_.path() / name).string();
    }

    std::string policy(const std::string& text) {
        std::ofstream(path("policy.yaml")) << "version: 1\n" << text;
        return path("policy.yaml");
    }

    /// Initialized.
    Program guarded(std::vector<std::string> options = {},
                    std::vector<std::string> command = {REAPER_PEER}) {
        std::vector<std::string> words = {REAPER_BINARY, "run"};
        words.insert(words.end(), options.begin(), options.end());
        words.emplace_back("--");
        words.insert(words.end(), command.begin(), command.end());
        Program program(words, environment());
        program.write_line(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{}})");
        return program;
    }

    json ask(const std::vector<std::string>& words) {
        std::vector<std::string> command = {REAPER_BINARY};
        command.insert(command.end(), words.begin(), words.end());
        command.insert(command.end(), {"--format", "json"});
        return json::parse(Program(command, environment()).read_all(), nullptr, false);
    }

  private:
    Scratch scratch_;
};

json next(Program& program) {
    const auto line = program.read_line(20s);
    return line ? json::parse(*line) : json();
}

TEST_F(GuardCommand, IsTheProcessThatTheClientHasStarted) {
    Program program = guarded({"--name", "mine"});
    EXPECT_EQ(next(program).at("id"), 0);
    const std::string line = text_of("/proc/" + std::to_string(program.pid()) + "/cmdline");
    EXPECT_THAT(line, HasSubstr("mcp-reaper-guard"));
    json guards = ask({"guards"}).at("guards");
    ASSERT_THAT(guards, SizeIs(1));
    EXPECT_EQ(guards[0].at("name"), "mine");
    EXPECT_THAT(guards[0].at("guard"), HasSubstr(std::to_string(program.pid()) + "@"));
    program.close_input();
    EXPECT_EQ(program.wait(), 0);
    EXPECT_THAT(ask({"guards"}).at("guards"), IsEmpty());
}

TEST_F(GuardCommand, IsOneServerToAScan) {
    Program program = guarded({"--type", "forecast"});
    EXPECT_EQ(next(program).at("id"), 0);
    const json report = ask({"scan", "--dry-run"});
    std::vector<json> ours;
    for (const json& server : report.at("servers")) {
        const auto pids = server.at("pids").get<std::set<pid_t>>();
        if (pids.contains(program.pid())) ours.push_back(server);
    }
    ASSERT_THAT(ours, SizeIs(1));
    EXPECT_EQ(ours[0].at("type"), "forecast");
    EXPECT_EQ(ours[0].at("launcher"), "mcp-reaper run");
    EXPECT_THAT(ours[0].at("pids"), SizeIs(3)) << "guard, keeper, server";
    EXPECT_EQ(ours[0].at("channel"), "open");
    EXPECT_EQ(ours[0].at("client").at("pid"), getpid()) << "who started the guard";
}

TEST_F(GuardCommand, GoesByThePolicyOfTheServersType) {
    const std::string file = policy(
        "servers:\n  - { type: peer, match: integration_guard_peer, guard: { open_files: 77 } }\n"
        "guard: { open_files: 66 }\n");
    for (const auto& [options, expected] : std::vector<std::pair<std::vector<std::string>, int>>{
             {{}, 77}, {{"--type", "other"}, 66}, {{"--set", "open_files=55"}, 55}}) {
        std::vector<std::string> words = options;
        words.insert(words.end(), {"--policy", file});
        Program program = guarded(words);
        next(program);
        program.write_line(R"({"jsonrpc":"2.0","id":1,"method":"limits"})");
        EXPECT_EQ(next(program).at("result"), expected);
    }
}

TEST_F(GuardCommand, SparesAnAgentThatOnlyThePolicyKnows) {
    const std::string file = policy("clients: [{ name: ours, match: '(^|/)our-agent( |$)' }]\n");
    Program program = guarded({"--policy", file});
    next(program);
    for (const char* name : {"their-agent", "our-agent"}) {
        program.write_line(json({{"id", 1}, {"method", "agent"}, {"params", name}}).dump());
    }
    const pid_t theirs = next(program).value("result", 0);
    const pid_t ours = next(program).value("result", 0);
    Held ended({theirs});
    Held spared({ours});
    program.close_input();
    EXPECT_THAT(program.wait(), ::testing::Optional(0));
    EXPECT_THAT(ended.left_after(10s), IsEmpty());
    EXPECT_THAT(spared.left_after(0ms), ::testing::Contains(ours));
    if (ours > 0) signal_process(ours, SIGKILL);
}

TEST_F(GuardCommand, EndsItsServerWhereThePolicyCallsThatAClient) {
    const std::string file = policy("clients: [{ name: ours, match: integration_guard_peer }]\n");
    // The server below a launcher: only what was started itself is never spared.
    Program program({"sh", "-c", "\"$@\" 2>&1", "sh", REAPER_BINARY, "run", "--policy", file, "--", "sh",
                     "-c", "PEER_DEAF=eof " REAPER_PEER "; true"},
                    environment());
    EXPECT_THAT(program.read_line(10s).value_or(""), HasSubstr("'ours' fits the server's own command"));
    program.write_line(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{}})");
    EXPECT_EQ(next(program).value("id", 1), 0);
    std::set<pid_t> tree = tree_of(program.pid(), read_processes());
    tree.erase(program.pid());
    Held held(tree);
    program.close_input();
    EXPECT_THAT(held.left_after(20s), IsEmpty());
}

TEST_F(GuardCommand, RefusesWrongUseInThePolicysWords) {
    const auto run = [&](std::vector<std::string> words) {
        words.insert(words.begin(), {"sh", "-c", "\"$@\" 2>&1", "sh", REAPER_BINARY, "run"});
        Program program(words, environment());
        const std::string said = program.read_all();
        EXPECT_EQ(WEXITSTATUS(program.wait().value()), 2) << said;
        return said;
    };
    EXPECT_THAT(run({}), HasSubstr("command"));
    EXPECT_THAT(run({"--set", "restart=1", "--", "true"}), HasSubstr("did you mean 'restarts'"));
    EXPECT_THAT(run({"--set", "restarts=x", "--", "true"}), HasSubstr("0 to 1000"));
    EXPECT_THAT(run({"--set", "restarts", "--", "true"}), HasSubstr("KEY=VALUE"));
    EXPECT_THAT(run({"--policy", policy("guard: { restarts: x }\n"), "--", "true"}),
                HasSubstr("policy.yaml:2"));
}

TEST_F(GuardCommand, KeepsReportsOfCrashesWithoutTheirSecrets) {
    Program program = guarded(
        {"--set", "backoff_seconds=0"},
        {"sh", "-c", "echo 'no luck with ghp_0123456789abcdefghijklmnopqrstuvwxyzAB' >&2; exec \"$0\"",
         REAPER_PEER, "--api-key", "secret-of-mine"});
    next(program);
    program.write_line(R"({"jsonrpc":"2.0","id":1,"method":"crash","params":4})");
    EXPECT_EQ(next(program).at("error").at("data").at("reason"), "restarted");
    const json crashes = ask({"crashes"}).at("crashes");
    ASSERT_THAT(crashes, SizeIs(1));
    const json& crash = crashes[0];
    EXPECT_EQ(crash.at("exit_status"), 4);
    EXPECT_EQ(crash.at("phase"), "running");
    EXPECT_THAT(crash.at("stderr"), HasSubstr("no luck"));
    EXPECT_THAT(crash.dump(), Not(HasSubstr("secret-of-mine")));
    EXPECT_THAT(crash.dump(), Not(HasSubstr("ghp_0123")));
    EXPECT_EQ(ask({"crashes", crash.at("id")}), crash);
    // Its own record is written after the client was told.
    json guard;
    do guard = ask({"guards"}).at("guards").at(0);
    while (!guard.contains("last_crash"));
    EXPECT_EQ(guard.at("last_crash"), crash.at("id"));
}

TEST_F(GuardCommand, KeepsTheLastFiftyReports) {
    std::filesystem::create_directories(path("state/guard/crashes"));
    for (int i = 100; i < 160; ++i)
        std::ofstream(path("state/guard/crashes/" + std::to_string(i) + "-1.json")) << "{}";
    Program program = guarded({}, {"false"});
    EXPECT_TRUE(next(program).contains("error"));
    EXPECT_THAT(ask({"crashes"}).at("crashes"), SizeIs(50));
}

TEST_F(GuardCommand, RefusesTheOneThatIsTooMany) {
    const std::string file =
        policy("limits: { max_instances_per_type: 2 }\nguard: { at_limit: refuse }\n");
    const std::vector<std::string> options = {"--type", "peer", "--policy", file};
    Program one = guarded(options);
    Program two = guarded(options);
    EXPECT_TRUE(next(one).contains("result"));
    EXPECT_TRUE(next(two).contains("result"));
    Program three = guarded(options);
    const json answer = next(three);
    EXPECT_EQ(answer.at("error").at("data").at("reason"), "limit");
    EXPECT_THAT(answer.at("error").at("message"), HasSubstr("max_instances_per_type"));
    EXPECT_EQ(WEXITSTATUS(three.wait().value()), 1);
    Program other = guarded({"--type", "another", "--policy", file});
    EXPECT_TRUE(next(other).contains("result"));
    one.kill();
    Program four = guarded(options);
    EXPECT_TRUE(next(four).contains("result")) << "who was killed does not count";
}

TEST_F(GuardCommand, MakesRoomByParkingAnIdleOne) {
    const std::string file =
        policy("limits: { max_instances_per_type: 1 }\nguard: { idle_seconds: 6 }\n");
    const std::vector<std::string> options = {"--type", "peer", "--policy", file};
    Program one = guarded(options);
    EXPECT_TRUE(next(one).contains("result"));
    Program busy = guarded(options);
    EXPECT_EQ(next(busy).at("error").at("data").at("reason"), "limit") << "it is not idle yet";
    usleep(6'100'000);  // What the policy calls idle.
    Program two = guarded(options);
    EXPECT_TRUE(next(two).contains("result"));
    std::map<std::string, std::string> states;
    const json guards = ask({"guards"}).at("guards");
    for (const json& guard : guards) states[guard.at("guard").get<std::string>()] = guard.at("state");
    for (const auto& [guard, state] : states)
        EXPECT_EQ(state, guard.starts_with(std::to_string(one.pid()) + "@") ? "parked" : "running");
    EXPECT_EQ(states.size(), 2U);
    // Whoever was parked and finds no room is told so, and is there when there is some.
    one.write_line(R"({"jsonrpc":"2.0","id":4,"method":"echo","params":4})");
    EXPECT_EQ(next(one).at("error").at("data").at("reason"), "limit");
    two.close_input();
    two.wait();
    json answer;
    do {
        one.write_line(R"({"jsonrpc":"2.0","id":5,"method":"echo","params":5})");
        answer = next(one);
    } while (answer.contains("error"));
    EXPECT_EQ(answer.at("result"), 5) << "asked something, it is back";
}

/// The directories of control groups whose names begin so.
std::vector<std::filesystem::path> cages_named(const std::string& start) {
    std::vector<std::filesystem::path> result;
    for (const char* parent : {"/sys/fs/cgroup/pids/mcp-reaper", "/sys/fs/cgroup/mcp-reaper"}) {
        if (!std::filesystem::exists(parent)) continue;
        for (const auto& cage : std::filesystem::directory_iterator(parent))
            if (cage.path().filename().string().starts_with(start)) result.push_back(cage.path());
    }
    return result;
}

std::set<pid_t> processes_in(const std::vector<std::filesystem::path>& cages) {
    std::set<pid_t> result;
    for (const auto& cage : cages) {
        std::ifstream processes(cage / "cgroup.procs");
        for (pid_t pid = 0; processes >> pid;) result.insert(pid);
    }
    return result;
}

TEST_F(GuardCommand, KeepsAServerToItsLimitsFromItsBirth) {
    if (!can_be_caged()) GTEST_SKIP() << "no cgroup may be made here";
    // Its sanitizer could not start the thread that looks for leaks.
    const std::vector<std::string> full = {"env", "ASAN_OPTIONS=detect_leaks=0", REAPER_PEER};
    Program program = guarded({"--set", "pids_max=17", "--type", "peer"}, full);
    next(program);
    std::string cgroups = text_of("/proc/" + std::to_string(program.pid()) + "/cgroup");
    if (cgroups.find("mcp-reaper-peer-") == std::string::npos)
        GTEST_SKIP() << "no pids controller here: " << cgroups;
    program.write_line(R"({"jsonrpc":"2.0","id":1,"method":"forks","params":40})");
    EXPECT_LT(next(program).at("result").get<int>(), 17);
    const auto cages = cages_named("mcp-reaper-peer-" + std::to_string(program.pid()) + '-');
    EXPECT_THAT(cages, Not(IsEmpty()));
    Held in_cages(processes_in(cages));
    program.close_input();
    program.wait();
    // The keeper is the last one in it, so whoever is guarded next removes it.
    EXPECT_THAT(in_cages.left_after(10s), IsEmpty());
    Program after = guarded({"--set", "pids_max=17", "--type", "peer"});
    next(after);
    for (const auto& cage : cages) EXPECT_FALSE(std::filesystem::exists(cage)) << cage;
}

}  // namespace
}  // namespace reaper::integration
