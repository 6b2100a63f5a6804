// Clients that close, half close, or leave their end of the channel to others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "npm_test.h"

namespace reaper::integration {
namespace {

class ClosingClient : public NpmTest {};

/// The answer of a client to a command; null where there is none in time.
json answer(NpmClient& client, std::chrono::milliseconds within = 30s) {
    return json::parse(client.program().read_line(within).value_or("null"), nullptr, false);
}

std::set<pid_t> tree_now(const NpmClient& client) {
    return tree_of(client.started().at(0).top, read_processes());
}

// close() takes up to 4 s: it ends stdin, waits 2 s, sends SIGTERM (to npm alone), waits 2 s again. The
// client reads stdout all the while.
TEST_F(ClosingClient, HasNoOrphansWhileItCloses) {
    NpmClient client(sdk_client(), {everything_by_npx()});
    ASSERT_EQ(client.started().size(), 1u);
    const std::set<pid_t> tree = tree_now(client);

    client.program().write_line("close");
    int scans = 0;
    json closed;
    do {
        for (const json& server : servers_with(scan_host(), tree)) {
            EXPECT_EQ(server.at("channel"), "open");
            EXPECT_NE(server.at("status"), "orphan") << server.dump(2);
        }
        ++scans;
    } while ((closed = answer(client, 100ms)).is_null() && scans < 1000);
    EXPECT_EQ(closed, json({{"closed", true}}));
    EXPECT_GT(scans, 3);
}

// The server that ignores end-of-file outlives the SDK's polite close() when it was started by npx:
// SIGTERM reached only npm. It reads from nobody from then on; once the client has ended too, in good
// order, nobody reads what it writes either.
TEST_F(ClosingClient, OrphansAnNpxServerThatIgnoresEndOfFile) {
    NpmClient client(sdk_client(), {everything_by_npx()});
    ASSERT_EQ(client.started().size(), 1u);
    const std::set<pid_t> tree = tree_now(client);
    client.program().write_line("close");
    ASSERT_EQ(answer(client), json({{"closed", true}}));
    silence({tree});
    client.program().write_line("quit");
    ASSERT_EQ(client.program().wait(), 0);

    const Observation seen = observe({tree});
    ASSERT_THAT(seen.trees[0], ::testing::SizeIs(1)) << "only the server itself was expected to stay";
    const auto server = the_server(seen.scan, tree);
    ASSERT_TRUE(server);
    EXPECT_EQ(pids_of(*server), seen.trees[0]);
    EXPECT_EQ(server->at("type"), "everything");
    EXPECT_EQ(server->at("status"), "orphan");
    EXPECT_EQ(server->at("channel"), "closed");
    EXPECT_EQ(server->at("channel_evidence").at("stdin").at("state"), "closed");
    EXPECT_EQ(server->at("channel_evidence").at("stdout").at("state"), "closed");
}

// It may still want an answer: `echo request | server` is a client too.
TEST_F(ClosingClient, ThatClosedStdinButReadsStdoutStillUsesItsServer) {
    NpmClient client(python_client(), {everything_by_npx()});
    ASSERT_EQ(client.started().size(), 1u);
    client.program().write_line("close-stdin");
    ASSERT_EQ(answer(client), json({{"closed", true}}));

    const Observation seen = observe({{client.started()[0].top}});
    const auto server = the_server(seen.scan, seen.trees[0]);
    ASSERT_TRUE(server);
    EXPECT_EQ(server->at("channel_evidence").at("stdin").at("state"), "closed");
    EXPECT_EQ(server->at("channel_evidence").at("stdout").at("state"), "open");
    EXPECT_EQ(server->at("channel"), "open");
    EXPECT_NE(server->at("status"), "orphan");
}

// The client is dead, but a process it had started holds its end of stdin: the server has not been told
// that it is over, and nobody can say that it is.
TEST_F(ClosingClient, WhoseEndIsHeldByASiblingLeavesNoOrphan) {
    NpmClient client(python_client(), {launch_of(launches_by_npx(), "filesystem"),
                                       launch_of(launches_by_node(), "memory")});
    ASSERT_EQ(client.started().size(), 2u);
    client.program().write_line("share-stdin");
    ASSERT_EQ(answer(client).value("shared", false), true);
    client.program().kill();

    const Observation seen = observe({{client.started()[0].top}, {client.started()[1].top}});
    for (const std::set<pid_t>& tree : seen.trees) {
        const auto server = the_server(seen.scan, tree);
        ASSERT_TRUE(server);
        EXPECT_EQ(pids_of(*server), tree);
        EXPECT_EQ(server->at("channel"), "open");
        EXPECT_NE(server->at("status"), "orphan");
    }
}

}  // namespace
}  // namespace reaper::integration
