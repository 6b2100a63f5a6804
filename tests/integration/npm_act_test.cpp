// Real servers that leaked, ended by the real program, beside everything that must not be ended with
// them. In a pid namespace, so that the scan can be the plain one, of all that runs.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <list>

#include "actor.h"
#include "bystanders.h"
#include "npm_test.h"
#include "pid_namespace.h"
#include "scratch.h"

namespace reaper::integration {
namespace {

using ::testing::IsEmpty;
namespace fs = std::filesystem;

constexpr uid_t kSomebody = 54'321, kSomebodyElse = 54'322;  // With nothing else on any host.

const std::string kPolicy =
    "version: 1\n"
    "name: test\n"
    "rules:\n"
    "  orphan: { after_seconds: 1, action: terminate }\n"
    "terminate: { grace_seconds: 4 }\n";

const std::vector<std::string> kScan = {"scan",    "--yes", "--window", "0s",
                                        "--watch", "5s",    "--format", "json"};

Launch everything_by(const std::string& name, const std::vector<std::string>& argv) {
    Launch launch = everything_by_npx();
    launch.name = "everything by " + name;
    launch.argv = argv;
    return launch;
}

std::vector<Launch> every_way_to_start_everything() {
    const std::string script = "node_modules/@modelcontextprotocol/server-everything/dist/index.js";
    return {everything_by_npx(),
            everything_by("npm exec", {"npm", "exec", "-y", "@modelcontextprotocol/server-everything"}),
            everything_by("node", {"node", in_npm_install(script)}),
            everything_by("nodemon", {"npx", "nodemon", "-q", "--exec", "node " + script})};
}

/// A port that nobody listens on just now.
std::string free_port() {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    return std::to_string(ntohs(address.sin_port));
}

void await_word(Program& program, const std::string& word) {
    std::string all;
    while (const auto line = program.read_line(60s)) {
        if (line->find(word) != std::string::npos) return;
        all += *line + '\n';
    }
    ADD_FAILURE() << "it said: " << all;
}

/// Whom nothing may happen to.
class Neighbours {
  public:
    Neighbours()
        : sdk_(sdk_client(), live_servers()),
          python_(python_client(), {everything_by_npx(), launch_of(launches_by_node(), "memory")}),
          half_closed_(python_client(), {everything_by_npx()}) {
        half_closed_.program().write_line("close-stdin");
        EXPECT_EQ(half_closed_.program().read_line(30s), R"({"closed": true})");
        start_editor();
        start_standalone();
        start_bridge();
        start_tmux();
        for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
                 {"vim", "mcp-server.ts"}, {"grep", "-r", "mcp-server-filesystem", "/nowhere"}}) {
            start_subject(line, {});
        }
        start_subject({"node", "/opt/node_modules/.bin/mcp-server-git"}, kSomebodyElse);
        // Its client has gone, but the container it leads to is no process of ours.
        Program& docker = start_subject({"docker", "run", "-i", "--rm", "mcp/git"}, {});
        docker.close_input();
        docker.close_output();
    }

    /// They and all that is theirs.
    [[nodiscard]] std::set<pid_t> pids() const {
        std::set<pid_t> tops = {sdk_.pid(), python_.pid(), half_closed_.pid(), tmux_, agent_};
        if (editor_) tops.insert(editor_->pid());
        for (const Program& program : programs_) tops.insert(program.pid());
        tops.erase(0);
        return grow(tops, read_processes());
    }

    void expect_answers() {
        sdk_.program().write_line("ask");
        EXPECT_EQ(json::parse(sdk_.program().read_line(40s).value_or("null")),
                  json({{"answered", sdk_.started().size()}}));
        python_.program().write_line("ask");
        EXPECT_EQ(json::parse(python_.program().read_line(40s).value_or("null")),
                  json({{"answered", python_.started().size()}}));
    }

  private:
    static std::vector<Launch> live_servers() {
        const std::vector<Launch> ways = every_way_to_start_everything();
        std::vector<Launch> servers = {ways.front(), ways.back()};
        if (!chromium().empty()) servers.push_back(launch_of(launches_by_npx(), "puppeteer"));
        return servers;
    }

    Program& start_subject(const std::vector<std::string>& line, std::optional<uid_t> user) {
        StartOptions options;
        options.file = REAPER_SUBJECT;
        options.user = user;
        Program& program = programs_.emplace_back(line, options);
        EXPECT_EQ(program.read_line(10s), "ready");
        return program;
    }

    void start_editor() {
        fs::create_symlink(which("node"), scratch_.path() / "code");
        StartOptions options = npm_start_options();
        options.environment["PATH"] += ":" + in_npm_install("node_modules/.bin");
        editor_.emplace(
            std::vector<std::string>{(scratch_.path() / "code").string(), in_npm_sources("editor.mjs")},
            std::vector<Launch>{{"language-server", "", {"unused"}, {}, {}, false}}, json::object(),
            options);
    }

    void start_standalone() {
        Program& shell = programs_.emplace_back(
            std::vector<std::string>{
                "sh", "-c",
                "echo | npx -y @playwright/mcp --headless --host 127.0.0.1 --port " + free_port() +
                    " 2>&1"},
            npm_start_options());
        await_word(shell, "istening");
        shell.close_input();
        shell.close_output();
    }

    void start_bridge() {
        const std::string port = free_port();
        Program& bridge = programs_.emplace_back(
            std::vector<std::string>{"npx", "-y", "supergateway", "--stdio",
                                     "npx -y @modelcontextprotocol/server-filesystem /tmp",
                                     "--outputTransport", "sse", "--port", port},
            npm_start_options());
        await_word(bridge, "istening");
        Program& client =
            programs_.emplace_back(std::vector<std::string>{"node", in_npm_sources("sse_client.mjs"),
                                                            "http://127.0.0.1:" + port + "/sse"},
                                   npm_start_options());
        EXPECT_EQ(client.read_line(60s).value_or("nothing"), R"({"ready":true,"tools":14})");
    }

    void start_tmux() {
        if (which("tmux").empty()) return;
        const std::string socket = (scratch_.path() / "tmux").string();
        Program tmux({"tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d",
                      "exec bash -c 'exec -a claude " REAPER_SUBJECT "'"});
        EXPECT_EQ(tmux.wait(30s), 0);
        Program asked({"tmux", "-S", socket, "display-message", "-p", "#{pid} #{pane_pid}"});
        EXPECT_EQ(std::sscanf(asked.read_all(30s).c_str(), "%d %d", &tmux_, &agent_), 2);
    }

    Scratch scratch_;
    NpmClient sdk_, python_, half_closed_;
    std::optional<NpmClient> editor_;
    std::list<Program> programs_;
    pid_t tmux_ = 0, agent_ = 0;
};

std::vector<std::set<pid_t>> trees_of(const NpmClient& client) {
    std::vector<std::set<pid_t>> trees;
    const ProcessTable table = read_processes();
    for (const Started& server : client.started()) trees.push_back(tree_of(server.top, table));
    return trees;
}

std::set<pid_t> joined(const std::vector<std::set<pid_t>>& sets) {
    std::set<pid_t> all;
    for (const std::set<pid_t>& one : sets) all.insert(one.begin(), one.end());
    return all;
}

std::set<pid_t> in_both(const std::set<pid_t>& one, const std::set<pid_t>& other) {
    std::set<pid_t> both;
    std::ranges::set_intersection(one, other, std::inserter(both, both.end()));
    return both;
}

/// Of these processes, those that still run.
std::set<pid_t> survivors(const std::set<pid_t>& pids, const ProcessTable& before) {
    std::set<pid_t> left;
    const ProcessTable now = read_processes();
    for (const pid_t pid : grow(pids, now)) {
        const auto then = before.find(pid);
        if (then == before.end() || then->second.start == now.at(pid).start) left.insert(pid);
    }
    return left;
}

class NpmAct : public NpmTest {
  protected:
    void SetUp() override {
        NpmTest::SetUp();
        if (IsSkipped()) return;
        if (const std::string why = why_no_strace() + why_no_pid_namespace(); !why.empty())
            GTEST_SKIP() << why;
    }
};

TEST_F(NpmAct, EndsEveryLeakedServerWholeAndTouchesNobodyElse) {
    in_pid_namespace([] {
        Neighbours neighbours;
        std::vector<Launch> leaks = every_way_to_start_everything();
        if (!chromium().empty()) leaks.push_back(launch_of(launches_by_npx(), "puppeteer"));
        // Over socket pairs, and one over pipes.
        leaks.push_back(everything_by_npx());
        NpmClient sdk(sdk_client(), {leaks.begin(), leaks.end() - 1});
        NpmClient python(python_client(), {leaks.back()});
        ASSERT_EQ(sdk.started().size() + python.started().size(), leaks.size());
        std::vector<std::set<pid_t>> servers = trees_of(sdk);
        servers.push_back(trees_of(python).front());
        std::vector<std::set<pid_t>> chains;
        for (std::size_t i = 0; i < servers.size(); ++i) {
            if (leaks[i].type == "everything") chains.push_back(servers[i]);
        }
        await_silence(chains);
        sdk.program().kill();
        python.program().kill();

        const ProcessTable before = read_processes();
        const std::set<pid_t> leaked = grow(joined(servers), before);
        const Bystanders others(neighbours.pids());
        ASSERT_THAT(in_both(leaked, others.pids()), IsEmpty());

        const Actor actor(kPolicy);
        Program run = actor.start(kScan);
        const Acted acted = actor.finish(run);

        others.expect_untouched();
        neighbours.expect_answers();
        EXPECT_THAT(in_both(acted.trace.touched(), others.pids()), IsEmpty()) << acted.trace.text();
        for (std::size_t i = 0; i < servers.size(); ++i) {
            SCOPED_TRACE(leaks[i].name);
            EXPECT_THAT(survivors(servers[i], before), IsEmpty());
        }
        EXPECT_EQ(acted.report.at("outcomes").size(), servers.size())
            << acted.report.at("outcomes").dump(2);
        // And nothing that they started on their way out.
        const ProcessTable after = read_processes();
        const std::set<pid_t> expected = neighbours.pids();
        for (const auto& [pid, info] : after) {
            if (before.contains(pid) || expected.contains(pid) || pid == getpid()) continue;
            ADD_FAILURE() << info.comm << " (pid " << pid << ") was not there before";
        }
        EXPECT_EQ(acted.exit_code, 0);
    });
}

// The same program for a user who is not root: their servers, and nobody else's.
TEST_F(NpmAct, AsAnOrdinaryUserEndsTheirsOnly) {
    in_pid_namespace([] {
        const Scratch home;
        ASSERT_EQ(chown(home.path().c_str(), kSomebody, kSomebody), 0);
        StartOptions options = npm_start_options();
        for (const char* name : {"HOME", "TMPDIR", "npm_config_cache"}) {
            options.environment[name] = home.path().string();
        }
        std::vector<Launch> theirs = every_way_to_start_everything();
        theirs.erase(theirs.begin() + 1, theirs.end() - 1);
        if (!chromium().empty()) theirs.push_back(launch_of(launches_by_npx(), "puppeteer"));
        for (Launch& launch : theirs) {
            for (const auto& [name, value] : options.environment)
                launch.environment.emplace(name, value);
        }
        options.user = kSomebody;
        options.file = which("node");
        NpmClient leaving(sdk_client(), theirs, {}, options);
        NpmClient staying(sdk_client(), {theirs.front()}, {}, options);
        NpmClient roots(sdk_client(), {launch_of(launches_by_node(), "everything")});
        ASSERT_EQ(leaving.started().size(), theirs.size());
        ASSERT_EQ(staying.started().size() + roots.started().size(), 2u);
        const std::vector<std::set<pid_t>> servers = trees_of(leaving);
        const std::set<pid_t> of_root = joined(trees_of(roots));
        std::vector<std::set<pid_t>> chains = {of_root};
        for (std::size_t i = 0; i < servers.size(); ++i) {
            if (theirs[i].type == "everything") chains.push_back(servers[i]);
        }
        await_silence(chains);
        leaving.program().kill();
        roots.program().kill();

        const ProcessTable before = read_processes();
        std::set<pid_t> kept = grow({staying.pid()}, before);
        kept.insert(of_root.begin(), of_root.end());
        const Bystanders others(kept);

        const Actor actor(kPolicy, kSomebody);
        Program run = actor.start(kScan);
        const Acted acted = actor.finish(run);

        others.expect_untouched();
        EXPECT_THAT(in_both(acted.trace.touched(), others.pids()), IsEmpty()) << acted.trace.text();
        for (std::size_t i = 0; i < servers.size(); ++i) {
            SCOPED_TRACE(theirs[i].name);
            EXPECT_THAT(survivors(servers[i], before), IsEmpty()) << acted.report.at("outcomes").dump(2);
        }
        staying.program().write_line("ask");
        EXPECT_EQ(staying.program().read_line(40s).value_or(""), R"({"answered":1})");
    });
}

}  // namespace
}  // namespace reaper::integration
