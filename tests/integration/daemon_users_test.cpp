// What another user gets to see of root's daemon, and to do with it: what is theirs, and nothing else.
// Every path and every action, by real users.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <list>

#include "bystanders.h"
#include "client_of.h"
#include "daemon_run.h"
#include "pid_namespace.h"
#include "stubborn_server.h"

namespace reaper::integration {
namespace {

using test::RawClient;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr uid_t kOwner = 60'011;
constexpr uid_t kOther = 60'012;

class DaemonUsers : public InPidNamespace {};

std::string action(const std::string& deed, const std::vector<std::string>& servers,
                   const json& more = json::object()) {
    json body = {{"deed", deed}, {"servers", servers}};
    if (deed == "throttle") body["limits"] = {{"cpu_percent", 10}};
    if (deed != "release") body.update(more);
    return body.dump();
}

/// What is kept of the events, as they are when a stream begins.
std::string stream_of(uid_t user, const std::string& socket) {
    RawClient client = client_of(user, socket);
    client.send("GET /events?follow=1 HTTP/1.0\r\n\r\n");
    client.read_through("\r\n\r\n");
    return client.read_through("\n");
}

TEST_F(DaemonUsers, SeeWhatIsTheirsAndNothingElse) {
    in_pid_namespace([] {
        StubbornServers roots, owners(kOwner), others(kOther);
        const pid_t mine = others.start("").pid();
        std::vector<pid_t> not_mine = {roots.start("").pid(), owners.start("").pid()};
        DaemonRun daemon(kEverySecond);
        ASSERT_TRUE(daemon.await_ready());
        // Events, history and statistics of everybody.
        Program& leaked = owners.leak("");
        not_mine.push_back(leaked.pid());
        daemon.await_event("action", about(leaked.pid()));
        not_mine.push_back(owners.start("").pid());
        daemon.await_event("server_started", about(not_mine.back()));
        const pid_t second = others.start("").pid();
        daemon.await_event("server_started", about(second));

        const std::string socket = daemon.socket();
        RawClient client = client_of(kOther, socket);
        std::map<std::string, std::string> seen;
        for (const char* path : {"/health/live", "/health/ready", "/health", "/status", "/servers",
                                 "/plan", "/history?limit=10000", "/events"}) {
            const std::string answer = client.get(path);
            EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 ")) << path;
            seen[path] = body_of(answer);
        }
        seen["a server's history"] =
            body_of(client.get("/history?server=" + std::to_string(leaked.pid())));
        seen["the stream"] = stream_of(kOther, socket);
        for (const auto& [path, body] : seen) {
            for (const pid_t pid : not_mine) {
                EXPECT_THAT(body, Not(HasSubstr(std::to_string(pid) + '@'))) << path;
            }
        }
        EXPECT_THAT(seen["/servers"], HasSubstr(std::to_string(mine) + '@'));
        EXPECT_THAT(seen["/plan"], HasSubstr(std::to_string(mine) + '@'));
        EXPECT_THAT(seen["/events"], HasSubstr(std::to_string(second) + '@'));
        EXPECT_THAT(seen["the stream"], HasSubstr(std::to_string(second) + '@'));
        for (const char* path : {"/servers", "/plan"}) {
            const json answer = json::parse(seen[path]);
            for (const json& server : answer.at("servers")) EXPECT_EQ(server.at("uid"), kOther) << path;
        }
        EXPECT_THAT(json::parse(seen["/history?limit=10000"]).at("actions"), IsEmpty());
        const json status = json::parse(seen["/status"]);
        EXPECT_EQ(status.at("servers").at("total"), 2);
        EXPECT_EQ(status.at("statistics").at("cleanups_performed"), 0);
        EXPECT_EQ(daemon.status().at("statistics").at("cleanups_performed"), 1);

        for (const char* path : {"/metrics", "/reload", "/pause", "/resume"}) {
            const bool get = std::string_view(path) == "/metrics";
            EXPECT_THAT(get ? client.get(path) : client.post(path, ""), StartsWith("HTTP/1.1 403 "))
                << path;
        }
        EXPECT_FALSE(daemon.status().at("paused").get<bool>());

        // The owner of all that does see it.
        RawClient owner = client_of(kOwner, socket);
        EXPECT_THAT(owner.get("/history?limit=10000"), HasSubstr(std::to_string(leaked.pid()) + '@'));
        EXPECT_THAT(owner.get("/events"), HasSubstr(std::to_string(leaked.pid()) + '@'));
        EXPECT_EQ(daemon.end(), 0);
    });
}

TEST_F(DaemonUsers, ActOnWhatIsTheirsAndNothingElse) {
    in_pid_namespace([] {
        StubbornServers roots, owners(kOwner), others(kOther);
        const pid_t mine = others.start("").pid();
        const pid_t of_owner = owners.start("").pid();
        const pid_t of_root = roots.start("").pid();
        DaemonRun daemon(kEverySecond);
        ASSERT_TRUE(daemon.await_ready());
        RawClient client = client_of(kOther, daemon.socket());
        const json all = json::parse(body_of(RawClient(daemon.socket()).get("/servers"))).at("servers");
        ASSERT_EQ(all.size(), 3U);
        std::vector<std::string> targets = {"1", std::to_string(daemon.program().pid()),
                                            std::to_string(getpid())};
        for (const json& server : all) {
            if (server.at("uid") == kOther) continue;
            targets.push_back(server.at("id"));
            targets.push_back(std::to_string(server.at("pids").at(0).get<pid_t>()));
        }
        ASSERT_EQ(targets.size(), 7U);

        const Bystanders untouched({of_owner, of_root, mine});
        const json used = {{"even_in_use", true}};
        for (const char* deed : {"terminate", "throttle", "freeze", "release"}) {
            for (const std::string& target : targets) {
                EXPECT_THAT(client.post("/actions", action(deed, {target}, used)),
                            StartsWith("HTTP/1.1 404 "))
                    << deed << ' ' << target;
            }
            // Not in company either: then nothing is done to their own.
            EXPECT_THAT(
                client.post("/actions", action(deed, {std::to_string(mine), targets.back()}, used)),
                StartsWith("HTTP/1.1 404 "))
                << deed;
        }
        // Nor does the answer tell whether there is such a server.
        const std::string there = client.post("/actions", action("terminate", {targets.back()}));
        std::string not_there = client.post("/actions", action("terminate", {"4194303"}));
        for (std::size_t at = 0; (at = not_there.find("4194303")) != std::string::npos;)
            not_there.replace(at, 7, targets.back());
        EXPECT_EQ(body_of(there), body_of(not_there));
        // By a rule of the policy: what is not theirs is passed over.
        EXPECT_THAT(
            client.post("/actions", action("terminate", {targets.back()}, {{"rules", {"orphan"}}})),
            AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr(R"("outcomes": [])")));
        untouched.expect_untouched();

        // What root holds stays held.
        if (can_be_caged()) {
            RawClient root(daemon.socket());
            EXPECT_THAT(root.post("/actions", action("freeze", {std::to_string(of_owner)}, used)),
                        HasSubstr("frozen"));
            EXPECT_THAT(client.post("/actions", R"({"deed":"release","all":true})"),
                        HasSubstr(R"("outcomes": [])"));
            EXPECT_EQ(json::parse(body_of(client.get("/status"))).at("held"), 0);
            EXPECT_EQ(json::parse(body_of(root.get("/status"))).at("held"), 1);
        }

        // Their own they may end.
        EXPECT_THAT(client.post("/actions", action("terminate", {std::to_string(mine)}, used)),
                    HasSubstr("ended"));
        EXPECT_EQ(others.living(), std::set<pid_t>());
        EXPECT_EQ(daemon.end(), 0);
    });
}

TEST_F(DaemonUsers, HaveAFewOrdersWaitingAndNotAllPlaces) {
    in_pid_namespace([] {
        StubbornServers others(kOther);
        StubbornServers roots;
        std::vector<std::string> theirs;
        for (int i = 0; i < 5; ++i) theirs.push_back(std::to_string(others.start("deaf").pid()));
        const std::string of_root = std::to_string(roots.start("").pid());
        DaemonRun daemon(kEverySecond);
        ASSERT_TRUE(daemon.await_ready());
        const json used = {{"even_in_use", true}};
        std::list<RawClient> clients;
        for (const std::string& server : theirs) {
            const std::string body = action("terminate", {server}, used);
            clients.push_back(client_of(kOther, daemon.socket()));
            clients.back().send("POST /actions HTTP/1.1\r\nContent-Length: " +
                                std::to_string(body.size()) + "\r\n\r\n" + body);
        }
        // One of them is refused at once; each of the others takes its grace time.
        EXPECT_THAT(RawClient(daemon.socket()).post("/actions", action("terminate", {of_root}, used)),
                    HasSubstr("ended"));
        std::vector<std::string> refused;
        for (RawClient& client : clients) {
            const std::string answer = client.read_answer();
            if (answer.find("killed") == std::string::npos) refused.push_back(answer);
        }
        EXPECT_THAT(refused, ::testing::ElementsAre(
                                 AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: "))));
        EXPECT_THAT(others.living(), ::testing::SizeIs(1));
        EXPECT_EQ(daemon.end(), 0);
    });
}

}  // namespace
}  // namespace reaper::integration
