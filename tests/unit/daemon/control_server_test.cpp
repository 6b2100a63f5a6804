// What is asked over a real socket, and answered.
#include "daemon/control_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/control_host.h"
#include "support/raw_client.h"

namespace reaper::daemon {
namespace {

using test::ControlHost;
using test::RawClient;
using test::StandInDaemon;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr uid_t kSomebody = 12'345;

/// Asks as another user: what it got is the child's exit, by way of a pipe.
std::string ask_as(uid_t uid, const std::string& path, const std::string& request) {
    const test::Pair pipe = test::make_pipe();
    const auto child =
        test::Child::fork({},
                          [&] {
                              if (::setresuid(uid, uid, uid) != 0) ::_exit(125);
                              std::string answer;
                              try {
                                  answer = RawClient(path).ask(request);
                              } catch (const std::exception& error) {
                                  answer = error.what();
                              }
                              if (::write(pipe.second.get(), answer.data(), answer.size()) < 0)
                                  ::_exit(124);
                          },
                          {pipe.second.get()});
    std::string answer(65'536, '\0');
    const ssize_t n = ::read(pipe.first.get(), answer.data(), answer.size());
    answer.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return answer;
}

TEST(ControlServer, AnswersWhatIsAsked) {
    ControlHost host;
    RawClient client(host.path());
    EXPECT_THAT(client.get("/health/live"), HasSubstr("{\"live\":true}"));
    const std::string ready = client.get("/health/ready");
    EXPECT_THAT(ready, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(ready, HasSubstr("{\"ready\":false}"));
    EXPECT_THAT(client.get("/health"), HasSubstr("{\"healthy\":true,\"reasons\":[]}"));
    EXPECT_THAT(client.get("/status"), HasSubstr("\"connections\": 1"));
    EXPECT_THAT(client.get("/servers"), HasSubstr("{\"servers\":[]}"));
    EXPECT_THAT(client.get("/plan"),
                HasSubstr("{\"error\":\"no look has been taken yet\",\"remedy\":\"wait\"}"));
    EXPECT_THAT(client.get("/history?limit=3"), HasSubstr("{\"actions\":[]}"));
    const std::string metrics = client.get("/metrics");
    EXPECT_THAT(metrics, HasSubstr("Content-Type: text/plain; version=0.0.4"));
    EXPECT_THAT(metrics, HasSubstr("mcp_reaper_control_connections 1\n"));
    EXPECT_EQ(host.figures().requests, 8U);
}

TEST(ControlServer, UnhealthyIs503WithReasons) {
    ControlHost host;
    host.on_loop([&] { host.backend().status_value.health = {false, {"late"}}; });
    const std::string answer = RawClient(host.path()).get("/health");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
    EXPECT_THAT(answer, HasSubstr("{\"healthy\":false,\"reasons\":[\"late\"]}"));
}

TEST(ControlServer, HeadIsGetWithoutItsBody) {
    ControlHost host;
    RawClient client(host.path());
    client.send("HEAD /health/live HTTP/1.1\r\n\r\n");
    const std::string head = client.read_through("\r\n\r\n");
    EXPECT_THAT(head, HasSubstr("Content-Length: 14\r\n"));
    // The next answer follows at once.
    EXPECT_THAT(client.get("/health/live"), StartsWith("HTTP/1.1 200 OK\r\n"));
    client.send("HEAD /events?follow=1 HTTP/1.1\r\n\r\n");
    EXPECT_THAT(client.read_through("\r\n\r\n"), HasSubstr("application/x-ndjson"));
    EXPECT_EQ(host.backend().subscribers(), 0U);
}

TEST(ControlServer, WrongMethodsAndPathsAreToldApart) {
    ControlHost host;
    RawClient client(host.path());
    const std::string method = client.ask("DELETE /status HTTP/1.1\r\n\r\n");
    EXPECT_THAT(method, StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"));
    EXPECT_THAT(method, HasSubstr("Allow: GET, HEAD\r\n"));
    EXPECT_THAT(client.get("/nothing"), StartsWith("HTTP/1.1 404 "));
    EXPECT_THAT(client.get("/status?x=1"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(client.get("/status"), StartsWith("HTTP/1.1 200 "));  // And the connection goes on.
}

TEST(ControlServer, ActionsReachTheDaemonWithTheirPeer) {
    ControlHost host;
    report::Done done;
    done.order.server.id = {4711, Ticks(79231)};
    done.order.server.type = "git";
    done.outcome.effect = enforce::Effect::ended;
    host.on_loop([&] { host.backend().outcomes = {done}; });
    RawClient client(host.path());
    const std::string answer =
        client.post("/actions", R"({"deed":"terminate","servers":["4711@79231"],"even_in_use":true})");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(answer, HasSubstr("\"effect\": \"ended\""));
    const auto peers = host.get<std::vector<Peer>>([](auto& daemon) { return daemon.peers; });
    ASSERT_EQ(peers.size(), 1U);
    EXPECT_EQ(peers[0], (Peer{::getuid(), ::getpid(), true}));
    const auto actions =
        host.get<std::vector<ActionRequest>>([](auto& daemon) { return daemon.actions; });
    ASSERT_EQ(actions.size(), 1U);
    EXPECT_TRUE(actions[0].even_in_use);
    EXPECT_THAT(client.post("/actions", "{}"), StartsWith("HTTP/1.1 400 "));
}

TEST(ControlServer, AnAnswerMayTakeItsTime) {
    ControlBounds bounds;
    bounds.idle = bounds.request = std::chrono::seconds(2);  // Not for who waits for us.
    ControlHost host(bounds);
    host.on_loop([&] { host.backend().keep_waiting = true; });
    RawClient client(host.path());
    client.send(
        "POST /actions HTTP/1.1\r\nContent-Length: "
        "37\r\n\r\n{\"deed\":\"terminate\",\"servers\":[\"1\"]}\n");
    while (host.get<std::size_t>([](auto& daemon) { return daemon.actions.size(); }) == 0) {
    }
    EXPECT_THAT(RawClient(host.path()).get("/health/live"), StartsWith("HTTP/1.1 200 "));
    ::usleep(4'000'000);  // Longer than the times above: nothing may come of that.
    host.on_loop([&] { host.backend().answer_all(); });
    EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 200 "));
}

TEST(ControlServer, AnAnswerForWhoHasGoneGoesNowhere) {
    ControlHost host;
    host.on_loop([&] { host.backend().keep_waiting = true; });
    {
        RawClient client(host.path());
        client.send(
            "POST /actions HTTP/1.1\r\nContent-Length: "
            "36\r\n\r\n{\"deed\":\"terminate\",\"servers\":[\"1\"]}");
        while (host.get<std::size_t>([](auto& daemon) { return daemon.actions.size(); }) == 0) {
        }
    }
    host.on_loop([&] { host.backend().answer_all(); });
    RawClient waiting(host.path());
    waiting.send(
        "POST /actions HTTP/1.1\r\nContent-Length: "
        "36\r\n\r\n{\"deed\":\"terminate\",\"servers\":[\"1\"]}");
    while (host.get<std::size_t>([](auto& daemon) { return daemon.actions.size(); }) < 2) {
    }
    host.stop();
    host.on_loop([&] { host.backend().answer_all(); });
    EXPECT_EQ(waiting.read_to_end(), "");
}

TEST(ControlServer, ReloadPauseAndResumeAnswerWithTheStatus) {
    ControlHost host;
    RawClient client(host.path());
    EXPECT_THAT(client.post("/reload", ""), HasSubstr("\"policy\": {"));
    host.on_loop([&] { host.backend().reload_problem = "policy.yaml:7:3: unknown key"; });
    const std::string refused = client.post("/reload", "{}");
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 422 "));
    EXPECT_THAT(refused, HasSubstr("policy.yaml:7:3"));
    EXPECT_THAT(client.post("/pause", R"({"seconds":60})"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(client.post("/pause", ""), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(client.post("/pause", "soon"), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(client.post("/resume", ""), StartsWith("HTTP/1.1 200 "));
    host.on_loop([&] {
        ASSERT_EQ(host.backend().pauses.size(), 2U);
        EXPECT_EQ(host.backend().pauses[0], std::chrono::seconds(60));
        EXPECT_EQ(host.backend().pauses[1], std::nullopt);
        EXPECT_EQ(host.backend().resumes, 1U);
    });
}

TEST(ControlServer, LargeBodiesMayAskFirst) {
    ControlHost host;
    RawClient client(host.path());
    client.send("POST /pause HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(client.read_through("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("{}");
    EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 200 "));
}

TEST(ControlServer, BodiesMayComeInChunks) {
    ControlHost host;
    RawClient client(host.path());
    EXPECT_THAT(client.ask("POST /pause HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "5\r\n{\"sec\r\nb\r\nonds\": 60 }\r\n0\r\n\r\n"),
                StartsWith("HTTP/1.1 200 "));
}

TEST(ControlServer, OtherUsersMayWhatIsTheirs) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
    ControlHost host;
    EXPECT_THAT(ask_as(kSomebody, host.path(), "GET /status HTTP/1.1\r\n\r\n"),
                StartsWith("HTTP/1.1 200 "));
    const auto peers = host.get<std::vector<Peer>>([](auto& daemon) { return daemon.peers; });
    ASSERT_EQ(peers.size(), 1U);
    EXPECT_EQ(peers[0].uid, kSomebody);
    EXPECT_FALSE(peers[0].governs);
    for (const char* const path : {"/reload", "/pause", "/resume"}) {
        const std::string answer =
            ask_as(kSomebody, host.path(),
                   std::string("POST ") + path + " HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 403 Forbidden\r\n")) << path;
        EXPECT_THAT(answer, HasSubstr("ask as root"));
    }
    EXPECT_THAT(ask_as(kSomebody, host.path(), "GET /metrics HTTP/1.1\r\n\r\n"),
                StartsWith("HTTP/1.1 403 "));
    EXPECT_EQ(host.figures().refused, 4U);
}

TEST(ControlServer, AUsersDaemonAnswersItsUserAndRoot) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
    ControlHost host({}, kSomebody);  // 0666 all the same: what if the mode were wrong?
    EXPECT_THAT(ask_as(kSomebody, host.path(), "POST /reload HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
                StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(RawClient(host.path()).get("/status"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(ask_as(kSomebody + 1, host.path(), "GET /health/live HTTP/1.1\r\n\r\n"),
                StartsWith("HTTP/1.1 403 "));
}

TEST(ControlServer, AnOwnersSocketKeepsOthersOut) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can be somebody else";
    ControlHost host({}, 0, Reach::owner);
    ::chmod(host.directory().c_str(), 0755);
    EXPECT_THAT(ask_as(kSomebody, host.path(), "GET /status HTTP/1.1\r\n\r\n"),
                HasSubstr("Permission denied"));
}

TEST(ControlServer, StopEndsEverything) {
    ControlHost host;
    RawClient idle(host.path());
    RawClient following(host.path());
    following.send("GET /events?follow=1 HTTP/1.1\r\n\r\n");
    EXPECT_THAT(following.read_through("\r\n\r\n"), HasSubstr("chunked"));
    host.stop();
    EXPECT_EQ(idle.read_to_end(), "");
    EXPECT_EQ(following.read_to_end(), "");
    EXPECT_FALSE(std::filesystem::exists(host.path()));
    EXPECT_EQ(host.get<std::size_t>([](auto& daemon) { return daemon.subscribers(); }), 0U);
    EXPECT_EQ(host.figures().connections, 0U);
}

}  // namespace
}  // namespace reaper::daemon
