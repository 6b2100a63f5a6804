// Real MCP servers from npm, started by real clients: each launch is one server, its client's, and what
// a killed client leaves behind is an orphan, with the evidence, and nothing else is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <optional>

#include "npm_test.h"

namespace reaper::integration {
namespace {

using ::testing::IsEmpty;

/// What one server was, while its client lived and after.
struct Story {
    Started server;
    bool socket_pair = false;  ///< The SDK's channel; Python's is two pipes.
    std::set<pid_t> live;
    std::set<pid_t> left;  ///< Of them and what they started, after the client was killed.
};

/// All servers live at once, are looked at, lose their clients by SIGKILL, and are looked at again.
/// Made once for all tests of this program: they only read it.
class Stage {
  public:
    static const Stage& get() {
        static const Stage stage;
        return stage;
    }

    std::vector<Story> stories;
    NpmClient bystander;  ///< Somebody else's client with its server, there before and after.
    json before;          ///< The scan of the host before anything else was started.
    ProcessTable host;    ///< And its processes.
    Observation live;
    Observation after;

  private:
    Stage()
        : bystander(sdk_client(), {everything_by_npx()}), before(scan_host()), host(read_processes()) {
        // Half of what Python's client starts goes through npx, half is bare node; so with the SDK's.
        std::vector<Launch> by_npx = launches_by_npx(), by_node = launches_by_node();
        std::vector<Launch> for_python = by_node;
        for (const char* type : {"filesystem", "everything", "fetch", "notion"}) {
            for_python.push_back(launch_of(by_npx, type));
        }
        std::vector<Launch> for_sdk = by_npx;
        for (const char* type : {"memory", "everything", "playwright"}) {
            for_sdk.push_back(launch_of(by_node, type));
        }
        NpmClient sdk(sdk_client(), for_sdk), python(python_client(), for_python);
        for (const Started& server : sdk.started()) stories.push_back({server, true, {}, {}});
        for (const Started& server : python.started()) stories.push_back({server, false, {}, {}});

        live = look([](const Story& story) { return std::set{story.server.top}; });
        for (std::size_t i = 0; i < stories.size(); ++i) stories[i].live = live.trees[i];

        const std::vector<UniqueFd> leaving = pidfds_of_those_who_leave();
        silence(those_of_type("everything"));
        sdk.program().kill();
        python.program().kill();
        for (const UniqueFd& process : leaving) {
            EXPECT_TRUE(await_exit(process, 30s)) << "a server that obeys end-of-file did not leave";
        }
        after = look([](const Story& story) { return story.live; });
        for (std::size_t i = 0; i < stories.size(); ++i) stories[i].left = after.trees[i];
        end_what_was_started();  // The bystander too, and the browsers.
    }

    template <typename Seeds>
    Observation look(Seeds seeds) const {
        std::vector<std::set<pid_t>> servers;
        for (const Story& story : stories) servers.push_back(seeds(story));
        return observe(servers);
    }

    [[nodiscard]] std::vector<std::set<pid_t>> those_of_type(const std::string& type) const {
        std::vector<std::set<pid_t>> result;
        for (const Story& story : stories) {
            if (story.server.launch.type == type) result.push_back(story.live);
        }
        return result;
    }

    [[nodiscard]] std::vector<UniqueFd> pidfds_of_those_who_leave() const {
        std::vector<UniqueFd> result;
        for (const Story& story : stories) {
            if (story.server.launch.outlives_client) continue;
            for (const pid_t pid : story.live) result.push_back(open_process(pid));
        }
        return result;
    }
};

class NpmServers : public ::testing::Test {
  protected:
    void SetUp() override {
        if (const std::string why = why_no_npm(); !why.empty()) GTEST_SKIP() << why;
        if (chromium().empty()) std::cout << "without puppeteer: chromium is not installed\n";
        ASSERT_THAT(Stage::get().stories, ::testing::SizeIs(::testing::Ge(20u)));
    }

    static std::vector<Story> stories_left() {
        std::vector<Story> result;
        std::ranges::copy_if(Stage::get().stories, std::back_inserter(result),
                             [](const Story& story) { return story.server.launch.outlives_client; });
        return result;
    }
};

std::string told(const Story& story) {
    return story.server.launch.name + (story.socket_pair ? ", SDK client" : ", Python client");
}

TEST_F(NpmServers, EachLaunchIsExactlyOneServerWithAllItsProcesses) {
    for (const Story& story : Stage::get().stories) {
        SCOPED_TRACE(told(story));
        if (const auto server = the_server(Stage::get().live.scan, story.live)) {
            EXPECT_EQ(pids_of(*server), story.live);
            EXPECT_EQ(server->at("processes"), story.live.size());
            if (story.server.launch.argv[0] == "npx") {
                EXPECT_EQ(server->at("launcher"), "npm exec");
                EXPECT_GE(story.live.size(), 3u) << "npm exec, sh and node";
            }
        }
    }
}

TEST_F(NpmServers, HaveTheirType) {
    for (const Story& story : Stage::get().stories) {
        SCOPED_TRACE(told(story));
        if (const auto server = the_server(Stage::get().live.scan, story.live)) {
            EXPECT_EQ(server->at("type"), story.server.launch.type);
        }
    }
}

TEST_F(NpmServers, BelongToTheClientThatStartedThem) {
    for (const Story& story : Stage::get().stories) {
        SCOPED_TRACE(told(story));
        const auto server = the_server(Stage::get().live.scan, story.live);
        if (!server) continue;
        ASSERT_TRUE(server->at("client").is_object());
        EXPECT_EQ(server->at("client").at("pid"), story.server.client);
        EXPECT_EQ(server->at("client").at("alive"), true);
    }
}

TEST_F(NpmServers, OfALiveClientAreNoOrphans) {
    for (const Story& story : Stage::get().stories) {
        SCOPED_TRACE(told(story));
        const auto server = the_server(Stage::get().live.scan, story.live);
        if (!server) continue;
        EXPECT_EQ(server->at("channel"), "open");
        EXPECT_NE(server->at("status"), "orphan");
        EXPECT_TRUE(finding(*server, "orphan").is_null());
    }
}

TEST_F(NpmServers, TheClientItselfIsNoServer) {
    for (const Story& story : Stage::get().stories) {
        EXPECT_THAT(servers_with(Stage::get().live.scan, {story.server.client}), IsEmpty());
    }
}

TEST_F(NpmServers, LeaveWithTheirClientUnlessTheyIgnoreEndOfFile) {
    for (const Story& story : Stage::get().stories) {
        SCOPED_TRACE(told(story));
        EXPECT_EQ(!story.left.empty(), story.server.launch.outlives_client);
    }
}

TEST_F(NpmServers, ThatOutliveAKilledClientAreOrphansWithEvidence) {
    for (const Story& story : stories_left()) {
        SCOPED_TRACE(told(story));
        const auto server = the_server(Stage::get().after.scan, story.left);
        if (!server) continue;
        EXPECT_EQ(pids_of(*server), story.left);
        EXPECT_EQ(server->at("type"), story.server.launch.type);
        EXPECT_EQ(server->at("status"), "orphan");
        EXPECT_EQ(server->at("channel"), "closed");
        EXPECT_EQ(server->at("standalone"), false);
        const json& evidence = server->at("channel_evidence");
        for (const char* end : {"stdin", "stdout"}) {
            EXPECT_EQ(evidence.at(end).at("state"), "closed") << end;
            EXPECT_EQ(evidence.at(end).at("kind"), story.socket_pair ? "unix_socket" : "pipe") << end;
            EXPECT_THAT(evidence.at(end).at("method").get<std::string>(), ::testing::Not(IsEmpty()))
                << end;
        }
        const json orphan = finding(*server, "orphan");
        ASSERT_TRUE(orphan.is_object());
        EXPECT_THAT(orphan.at("why").get<std::string>(), ::testing::Not(IsEmpty()));
    }
}

TEST_F(NpmServers, ThatOutliveAKilledClientDoNotShowItAsAlive) {
    for (const Story& story : stories_left()) {
        SCOPED_TRACE(told(story));
        const auto server = the_server(Stage::get().after.scan, story.left);
        if (!server || server->at("client").is_null()) continue;
        const json& client = server->at("client");
        EXPECT_FALSE(client.at("pid") == story.server.client && client.at("alive") == true);
    }
}

TEST_F(NpmServers, ABrowserAndItsCrashHandlersBelongToTheirServer) {
    if (chromium().empty()) GTEST_SKIP() << "chromium is not installed";
    for (const Story& story : Stage::get().stories) {
        if (story.server.launch.type != "puppeteer") continue;
        SCOPED_TRACE(told(story));
        const auto named = [&](const std::string& start) {
            return std::ranges::count_if(story.live, [&](pid_t pid) {
                return Stage::get().live.table.at(pid).comm.starts_with(start);
            });
        };
        ASSERT_GE(named("chromium"), 3) << "there was no browser to be found";
        ASSERT_GE(named("chrome_crashpad"), 1) << "there was no crash handler to be found";
        const auto live = the_server(Stage::get().live.scan, story.live);
        const auto after = the_server(Stage::get().after.scan, story.left);
        if (!live || !after) continue;
        EXPECT_EQ(pids_of(*live), story.live);
        EXPECT_EQ(pids_of(*after), story.left);
        EXPECT_EQ(live->at("standalone"), false) << "the browser's debugging port is no reason";
        EXPECT_EQ(after->at("standalone"), false) << "the browser's debugging port is no reason";
    }
}

TEST_F(NpmServers, NothingElseOnTheHostBecomesAnOrphan) {
    const Stage& stage = Stage::get();
    std::set<pid_t> expected;
    for (const Story& story : stories_left()) expected.insert(story.left.begin(), story.left.end());
    const std::set<pid_t> orphans_before = pids_with_status(stage.before, "orphan");
    ASSERT_EQ(stage.bystander.started().size(), 1u);
    const pid_t bystander = stage.bystander.started()[0].top;
    EXPECT_THAT(orphans_before, ::testing::Not(::testing::Contains(bystander)));
    EXPECT_THAT(pids_with_status(stage.after.scan, "healthy"), ::testing::Contains(bystander));

    for (const pid_t pid : pids_with_status(stage.after.scan, "orphan")) {
        if (expected.contains(pid) || orphans_before.contains(pid)) continue;
        // Another's process may well have lost its client in the meantime: it has a new parent then, or
        // was started after us. What was here all the while must not have become an orphan by our test.
        const auto then = stage.host.find(pid), now = stage.after.table.find(pid);
        if (then == stage.host.end() || now == stage.after.table.end()) continue;
        const bool same =
            then->second.start == now->second.start && then->second.parent == now->second.parent;
        EXPECT_FALSE(same) << "pid " << pid << " (" << now->second.comm << ") is taken for an orphan";
    }
    for (const Story& story : stage.stories) {
        EXPECT_FALSE(pids_with_status(stage.after.scan, "orphan").contains(story.server.client));
        EXPECT_FALSE(pids_with_status(stage.live.scan, "orphan").contains(story.server.client));
    }
}

}  // namespace
}  // namespace reaper::integration
