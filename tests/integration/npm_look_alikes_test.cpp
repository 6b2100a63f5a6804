// Real programs that look like leaked servers, or like servers at all, and are not.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "npm_test.h"
#include "scratch.h"

namespace reaper::integration {
namespace {

using ::testing::IsEmpty;
namespace fs = std::filesystem;

class LookAlike : public NpmTest {
  protected:
    Scratch scratch_;
};

/// A port that nobody listens on just now.
int free_port() {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    return ntohs(address.sin_port);
}

/// Reads lines until one says that the server listens.
::testing::AssertionResult says_that_it_listens(Program& program) {
    std::string all;
    while (const auto line = program.read_line(60s)) {
        if (line->find("istening") != std::string::npos) return ::testing::AssertionSuccess();
        all += *line + '\n';
    }
    return ::testing::AssertionFailure() << "it said: " << all;
}

pid_t child_of(pid_t parent, const std::string& comm_start) {
    for (const auto& [pid, info] : read_processes()) {
        if (info.parent == parent && info.comm.starts_with(comm_start)) return pid;
    }
    return 0;
}

TEST_F(LookAlike, ALanguageServerUnderAnEditorIsAtMostSuspected) {
    fs::create_symlink(which("node"), scratch_.path() / "code");
    StartOptions options = npm_start_options();
    options.environment["PATH"] += ":" + in_npm_install("node_modules/.bin");
    NpmClient editor({(scratch_.path() / "code").string(), in_npm_sources("editor.mjs")},
                     {{"language-server", "", {"unused"}, {}, {}, false}}, {}, options);
    ASSERT_EQ(editor.started().size(), 1u);

    const Observation seen = observe({{editor.started()[0].top}});
    ASSERT_EQ(seen.table.at(editor.pid()).comm, "code");
    EXPECT_THAT(servers_with(seen.scan, {editor.pid()}), IsEmpty());
    for (const json& server : servers_with(seen.scan, seen.trees[0])) {
        EXPECT_EQ(server.at("status"), "suspected") << server.dump(2);
        for (const json& planned : seen.scan.at("plan"))
            EXPECT_NE(planned.at("server"), server.at("id"));
    }
}

// A daemon that somebody started by hand: its stdin was never anybody's, and nobody reads its stdout.
TEST_F(LookAlike, AServerThatListensIsStandaloneThoughBothItsEndsAreHungUp) {
    StartOptions options = npm_start_options();
    const std::string port = std::to_string(free_port());
    Program shell({"sh", "-c",
                   "echo | npx -y @playwright/mcp --headless --host 127.0.0.1 --port " + port + " 2>&1"},
                  options);
    ASSERT_TRUE(says_that_it_listens(shell));
    shell.close_input();  // As far as the shell is in its way: it has nothing more to say either.
    shell.close_output();
    const pid_t npm = child_of(shell.pid(), "npm exec");
    ASSERT_NE(npm, 0);

    const Observation seen = observe({{npm}});
    const auto server = the_server(seen.scan, seen.trees[0]);
    ASSERT_TRUE(server);
    EXPECT_EQ(server->at("type"), "playwright");
    EXPECT_EQ(server->at("channel"), "closed");
    EXPECT_EQ(server->at("standalone"), true);
    EXPECT_NE(server->at("status"), "orphan");
    EXPECT_TRUE(finding(*server, "orphan").is_null());
}

// A bridge is a server (it listens) and a client (of the server inside).
TEST_F(LookAlike, ABridgeIsStandaloneAndTheServerInsideIsItsOwn) {
    StartOptions options = npm_start_options();
    const std::string port = std::to_string(free_port());
    Program bridge(
        {"npx", "-y", "supergateway", "--stdio", "npx -y @modelcontextprotocol/server-filesystem /tmp",
         "--outputTransport", "sse", "--port", port},
        options);
    ASSERT_TRUE(says_that_it_listens(bridge));
    // The server inside is there once it has answered a client over the bridge.
    StartOptions reader = npm_start_options();
    Program client({"node", in_npm_sources("sse_client.mjs"), "http://127.0.0.1:" + port + "/sse"},
                   reader);
    ASSERT_EQ(client.read_line(60s).value_or("nothing"), R"({"ready":true,"tools":14})");

    const Observation seen = observe({{bridge.pid()}});
    std::set<pid_t> all;
    std::vector<json> servers = servers_with(seen.scan, seen.trees[0]);
    ASSERT_EQ(servers.size(), 2u) << json(servers).dump(2);
    std::ranges::sort(servers, {},
                      [](const json& server) { return server.at("type").get<std::string>(); });
    const json &inside = servers[0], &outside = servers[1];
    EXPECT_EQ(inside.at("type"), "filesystem");
    EXPECT_EQ(outside.at("type"), "supergateway");
    EXPECT_EQ(outside.at("standalone"), true);
    EXPECT_EQ(inside.at("channel"), "open");
    EXPECT_EQ(inside.at("client").at("pid"), outside.at("server_pid"));
    for (const json& server : servers) {
        EXPECT_NE(server.at("status"), "orphan");
        all.merge(pids_of(server));
    }
    EXPECT_EQ(all, seen.trees[0]) << "each process belongs to one of the two";
    EXPECT_THAT(servers_with(seen.scan, {client.pid()}), IsEmpty());
}

// nodemon is between the client and the server it restarts: stdin is a pipe of nodemon's own, stdout the
// client's.
TEST_F(LookAlike, AServerUnderNodemonIsTheClientsAndOrphanedAsAWhole) {
    Launch launch = everything_by_npx();
    launch.argv = {"npx", "nodemon", "-q", "--exec",
                   "node node_modules/@modelcontextprotocol/server-everything/dist/index.js"};
    NpmClient client(sdk_client(), {launch});
    ASSERT_EQ(client.started().size(), 1u);

    const Observation live = observe({{client.started()[0].top}});
    ASSERT_THAT(live.trees[0], ::testing::SizeIs(5));
    if (const auto server = the_server(live.scan, live.trees[0])) {
        EXPECT_EQ(pids_of(*server), live.trees[0]);
        EXPECT_EQ(server->at("type"), "everything");
        ASSERT_TRUE(server->at("client").is_object());
        EXPECT_EQ(server->at("client").at("pid"), client.pid());
        EXPECT_EQ(server->at("channel"), "open");
        EXPECT_NE(server->at("status"), "orphan");
    }

    silence({live.trees[0]});
    client.program().kill();
    const Observation after = observe({live.trees[0]});
    EXPECT_EQ(after.trees[0], live.trees[0]) << "nodemon was expected to stay with its server";
    if (const auto server = the_server(after.scan, after.trees[0])) {
        EXPECT_EQ(pids_of(*server), after.trees[0]);
        EXPECT_EQ(server->at("channel"), "closed");
        EXPECT_EQ(server->at("status"), "orphan");
    }
}

// An agent is a client whatever is in its command line: here, all that it starts.
TEST_F(LookAlike, AClientNamedClaudeIsTheClientAndNoServer) {
    const fs::path claude = scratch_.path() / "claude";
    std::ifstream script(in_npm_sources("client.py"));
    script.ignore(1000, '\n');  // Its first line names another interpreter, perhaps.
    std::ofstream(claude) << "#!" << python_client().at(0) << '\n' << script.rdbuf();
    fs::permissions(claude, fs::perms::owner_all);

    NpmClient python({claude.string()}, {launch_of(launches_by_npx(), "memory")});
    NpmClient node(sdk_client(), {launch_of(launches_by_npx(), "filesystem")}, {{"title", "claude"}});
    ASSERT_EQ(python.started().size() + node.started().size(), 2u);

    const Observation seen = observe({{python.started()[0].top}, {node.started()[0].top}});
    const NpmClient* const clients[] = {&python, &node};
    for (std::size_t i = 0; i < 2; ++i) {
        ASSERT_EQ(seen.table.at(clients[i]->pid()).comm, "claude");
        EXPECT_THAT(servers_with(seen.scan, {clients[i]->pid()}), IsEmpty());
        const auto server = the_server(seen.scan, seen.trees[i]);
        ASSERT_TRUE(server);
        ASSERT_TRUE(server->at("client").is_object());
        EXPECT_EQ(server->at("client").at("pid"), clients[i]->pid());
        EXPECT_EQ(server->at("client").at("name"), "claude");
        EXPECT_NE(server->at("status"), "orphan");
    }
}

TEST_F(LookAlike, AProgramThatOnlyNamesAServerInItsArgumentsIsNone) {
    const std::vector<std::vector<std::string>> lines = {
        {"vim", "mcp-server.ts"},
        {"grep", "-r", "mcp-server-filesystem", "/nowhere"},
        {"tail", "-f", "/var/log/mcp-server-git.log"},
        {"claude", "--mcp-config", "mcp-server-memory.json"},
        {"npm", "install", "mcp-server-git"},
        {"npx", "playwright", "test", "tests/mcp.spec.ts"},
        {"pytest", "tests/test_mcp_server.py"},
        {"less", "node_modules/@modelcontextprotocol/server-memory/dist/index.js"},
    };
    std::vector<Program> programs;
    std::set<pid_t> pids;
    StartOptions options;
    options.file = REAPER_SUBJECT;
    for (const auto& line : lines) {
        programs.emplace_back(line, options);
        ASSERT_EQ(programs.back().read_line(10s), "ready");
        pids.insert(programs.back().pid());
    }
    EXPECT_EQ(json(servers_with(scan_host(), pids)), json::array());
}

}  // namespace
}  // namespace reaper::integration
