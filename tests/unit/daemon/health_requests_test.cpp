// Who is asked for its health, how often, and from when on it is unresponsive.
#include "daemon/health_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.

#include "http_host.h"
#include "support/snapshot_builder.h"

using namespace reaper;
using namespace reaper::daemon;
using namespace std::chrono_literals;
using test::HttpHost;
using test::Manners;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

constexpr pid_t kPid = 100;

class Health : public ::testing::Test {
  protected:
    Health() {
        policy::ServerType type;
        type.type = "web";
        type.match = {"web"};
        type.health = policy::HealthRequest{"http://127.0.0.1:{port}/health", 0s, 5s, 3};
        policy_.servers = {type};
    }

    policy::HealthRequest& request() { return *policy_.servers[0].health; }

    static scan::Server server(const HttpHost& host, pid_t pid = kPid) {
        scan::Server made =
            support::server(pid).type("web").no_client().channel_none().standalone(true).build();
        made.listening = {host.socket()};
        return made;
    }

    static scan::Snapshot of(std::vector<scan::Server> servers) {
        scan::Snapshot snapshot = support::snapshot().build();
        snapshot.servers = std::move(servers);
        return snapshot;
    }

    /// Runs the loop until it is so; the test fails where that takes too long.
    void run_until(const std::function<bool()>& is_so) {
        const auto last = std::chrono::steady_clock::now() + 30s;
        loop_.restart();
        while (!is_so() && std::chrono::steady_clock::now() < last) loop_.run_one_for(100ms);
        EXPECT_TRUE(is_so());
    }

    boost::asio::io_context loop_;
    policy::Policy policy_;
    HealthRequests requests_{loop_, [](pid_t) { return true; }};
    Manners bad_{"HTTP/1.1 500 Oops\r\n\r\n", 0ms, false, false, false};
};

}  // namespace

TEST_F(Health, OfAServerThatAnswersIsGood) {
    HttpHost host(loop_);
    requests_.ask(of({server(host)}), policy_);
    run_until([&] { return host.connections() >= 5; });
    EXPECT_THAT(requests_.unresponsive(), IsEmpty());
    EXPECT_EQ(requests_.failed(), 0U);
}

TEST_F(Health, IsBadAfterAsManyFailuresInARowAsTheTypeAllows) {
    HttpHost host(loop_, bad_);
    const scan::Server one = server(host);
    requests_.ask(of({one}), policy_);
    run_until([&] { return requests_.failed() == 2; });
    EXPECT_THAT(requests_.unresponsive(), IsEmpty());
    run_until([&] { return requests_.failed() == 3; });
    const auto found = requests_.unresponsive();
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found.at(one.id).failures, 3U);
    EXPECT_EQ(found.at(one.id).why, "HTTP status 500 on port " + std::to_string(host.port()));
}

TEST_F(Health, IsGoodAgainWithTheFirstAnswer) {
    HttpHost host(loop_, bad_);
    requests_.ask(of({server(host)}), policy_);
    run_until([&] { return requests_.failed() == 2; });
    host.behave({});
    const unsigned before = host.connections();
    run_until([&] { return host.connections() > before + 1; });
    host.behave(bad_);
    const auto failed = requests_.failed();
    run_until([&] { return requests_.failed() == failed + 2; });
    EXPECT_THAT(requests_.unresponsive(), IsEmpty()) << "never three in a row";
    run_until([&] { return requests_.failed() == failed + 3; });
    EXPECT_THAT(requests_.unresponsive(), SizeIs(1));
    host.behave({});
    run_until([&] { return requests_.unresponsive().empty(); });
}

TEST_F(Health, OfAServerThatNeverAnswersIsBad) {
    request().timeout = 0s;
    HttpHost host(loop_, {"", 0ms, false, false, false});
    requests_.ask(of({server(host)}), policy_);
    run_until([&] { return requests_.unresponsive().size() == 1; });
}

TEST_F(Health, IsForgottenWithItsServer) {
    HttpHost host(loop_, bad_);
    requests_.ask(of({server(host)}), policy_);
    run_until([&] { return requests_.unresponsive().size() == 1; });
    requests_.ask(of({}), policy_);
    EXPECT_THAT(requests_.unresponsive(), IsEmpty());
    const unsigned before = host.connections();
    loop_.restart();
    loop_.run_for(100ms);
    EXPECT_LE(host.connections(), before + 1) << "the one that was under way";
}

TEST_F(Health, OfAReusedPidIsAnothersAndBeginsAnew) {
    HttpHost host(loop_, bad_);
    requests_.ask(of({server(host)}), policy_);
    run_until([&] { return requests_.unresponsive().size() == 1; });
    scan::Server other = server(host);
    other.id.start += Ticks(1);
    requests_.ask(of({other}), policy_);
    EXPECT_THAT(requests_.unresponsive(), IsEmpty());
    run_until([&] { return requests_.unresponsive().contains(other.id); });
}

TEST_F(Health, BeginsAnewWhereTheTypeAsksOtherwise) {
    HttpHost host(loop_, bad_);
    requests_.ask(of({server(host)}), policy_);
    run_until([&] { return requests_.unresponsive().size() == 1; });
    request().http = "http://127.0.0.1:{port}/other";
    requests_.ask(of({server(host)}), policy_);
    EXPECT_THAT(requests_.unresponsive(), IsEmpty());
    policy_.servers[0].health.reset();
    requests_.ask(of({server(host)}), policy_);
    const unsigned before = host.connections();
    loop_.restart();
    loop_.run_for(100ms);
    EXPECT_LE(host.connections(), before + 1);
}

TEST_F(Health, IsAskedOnlyOfWhomItCanBe) {
    HttpHost host(loop_, bad_);
    std::vector<scan::Server> others = {server(host, 100), server(host, 200), server(host, 300)};
    others[0].type = "other";
    others[1].standalone.reset();
    others[2].listening = {"unix /run/x.sock"};
    requests_.ask(of(others), policy_);
    HealthRequests elsewhere(loop_, [](pid_t) { return false; });
    elsewhere.ask(of({server(host)}), policy_);
    loop_.restart();
    loop_.run_for(200ms);
    EXPECT_EQ(host.connections(), 0U);
}

TEST_F(Health, OfSeveralSocketsOneThatAnswersIsEnough) {
    HttpHost bad(loop_, bad_);
    HttpHost good(loop_);
    scan::Server one = server(bad);
    one.listening = {bad.socket(), good.socket()};
    requests_.ask(of({one}), policy_);
    run_until([&] { return good.connections() >= 4; });
    EXPECT_THAT(requests_.unresponsive(), IsEmpty());
    EXPECT_EQ(requests_.failed(), 0U);
    good.behave(bad_);
    run_until([&] { return requests_.unresponsive().size() == 1; });
}

TEST_F(Health, IsAskedOfNoMoreThanSixteenAtOnceAndOfEverybodyInTurn) {
    Manners slow;
    slow.after = 5ms;
    std::deque<HttpHost> hosts;
    std::vector<scan::Server> servers;
    HttpHost shared(loop_, slow);
    for (pid_t i = 1; i <= 40; ++i) servers.push_back(server(shared, i * 10));
    for (pid_t i = 41; i <= 60; ++i) {
        hosts.emplace_back(loop_);
        servers.push_back(server(hosts.back(), i * 10));
    }
    requests_.ask(of(servers), policy_);
    run_until([&] {
        return std::all_of(hosts.begin(), hosts.end(),
                           [](const HttpHost& host) { return host.connections() > 0; });
    });
    EXPECT_LE(shared.most_at_once(), HealthRequests::kMaxAtOnce);
    EXPECT_GT(shared.most_at_once(), 1U);
}

TEST_F(Health, IsAskedOfAServerInOurOwnNetworkOnly) {
    HttpHost host(loop_);
    HealthRequests real(loop_);
    scan::Server ours = server(host, ::getpid());
    ours.server_process = ours.id;
    real.ask(of({ours}), policy_);
    run_until([&] { return host.connections() > 0; });
}

TEST_F(Health, IsSpreadOverTheInterval) {
    request().interval = 3600s;
    HttpHost host(loop_);
    std::vector<scan::Server> servers;
    for (pid_t i = 1; i <= 100; ++i) servers.push_back(server(host, i));
    requests_.ask(of(servers), policy_);
    loop_.restart();
    loop_.run_for(100ms);
    EXPECT_LE(host.connections(), 3U) << "of a hundred in an hour";
}

TEST_F(Health, UnderWayIsDroppedWithItsAsker) {
    HttpHost host(loop_, {"", 0ms, false, false, false});
    {
        HealthRequests shortlived(loop_, [](pid_t) { return true; });
        shortlived.ask(of({server(host)}), policy_);
        run_until([&] { return host.connections() == 1; });
    }
    loop_.restart();
    loop_.run_for(50ms);
}
