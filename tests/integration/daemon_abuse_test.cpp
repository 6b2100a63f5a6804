// The control API of a running daemon under everything at once that clients do who are broken, slow or
// hostile. What each of them gets is tests/unit/daemon/control_abuse_test.cpp's; here it is shown that
// the bounds hold for all of them together, and that the daemon ends what has leaked as if there were
// nothing: no look begins later than a tick after it was due.
//
// Over the Unix socket: there is no other one yet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <list>
#include <thread>

#include "client_of.h"
#include "daemon_run.h"
#include "pid_namespace.h"
#include "stubborn_server.h"

namespace reaper::integration {
namespace {

using test::RawClient;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr uid_t kFirstUser = 60'100;
constexpr std::size_t kConnections = 100;
constexpr std::size_t kConnectionsPerUser = 10;
constexpr unsigned kRequests = 10'000;
/// after_seconds, the look that finds it and the pass that ends it, and a tick late at most.
constexpr auto kSoonEnough = 1s + 2s + 1s;

class DaemonAbuse : public InPidNamespace {};

/// How often each answer came: of all users together.
struct Answers {
    std::atomic<unsigned> ok, bad, too_large, too_many, without_retry, dropped, others, sent;

    void count(const std::string& answer) {
        if (answer.starts_with("HTTP/1.1 200 ")) {
            ++ok;
        } else if (answer.starts_with("HTTP/1.1 400 ")) {
            ++bad;
        } else if (answer.starts_with("HTTP/1.1 413 ")) {
            ++too_large;
        } else if (answer.starts_with("HTTP/1.1 429 ")) {
            ++too_many;
            if (answer.find("\r\nRetry-After: ") == std::string::npos) ++without_retry;
        } else if (answer.empty()) {
            ++dropped;
        } else {
            ++others;
        }
    }
};

/// Abuses it in a thread of its own, again and again, as a user of its own.
class Abuser {
  public:
    using Once =
        std::function<void(const std::string& socket, Answers& answers, const std::stop_token& stop)>;

    Abuser(uid_t user, const std::string& socket, Answers& answers, const Once& once)
        : thread_([=, &answers](const std::stop_token& stop) {
              const AsUser as(user);
              while (!stop.stop_requested()) once(socket, answers, stop);
          }) {}

  private:
    std::jthread thread_;
};

/// What the daemon does not take any more is no failure: it has answered, and closed.
std::string answer_to(const std::string& socket, std::string_view request) {
    try {
        RawClient client(socket);
        client.send(request);
        return client.read_answer();
    } catch (const std::exception& error) {
        return error.what();
    }
}

void send_slowly(const std::string& socket, Answers& answers, const std::stop_token& stop) {
    RawClient client(socket);
    const std::string request = "GET /status HTTP/1.1\r\nX-Slow: " + std::string(2000, 'x');
    for (const char byte : request) {
        if (!client.send({&byte, 1})) break;
        std::this_thread::sleep_for(10ms);  // That is what it does.
        if (stop.stop_requested()) return;
    }
    answers.count(client.read_to_end());
}

void send_much(const std::string& socket, Answers& answers, const std::stop_token&) {
    static const std::string request = "POST /actions HTTP/1.1\r\nContent-Length: 10485760\r\n\r\n" +
                                       std::string(10 * 1024 * 1024, ' ');
    answers.count(answer_to(socket, request));
}

void send_no_http(const std::string& socket, Answers& answers, const std::stop_token&) {
    answers.count(answer_to(socket, "\x16\x03\x01 GET POST\r\nContent-Length: -7\r\n\r\n"));
}

/// A hundred in one go: what is over the bound is refused, and the rest not even read.
void send_many(const std::string& socket, Answers& answers, const std::stop_token&) {
    if (answers.sent >= kRequests) {
        std::this_thread::sleep_for(50ms);
        return;
    }
    constexpr unsigned kAtOnce = 100;
    std::string requests;
    for (unsigned i = 0; i < kAtOnce; ++i) requests += "GET /servers HTTP/1.1\r\n\r\n";
    RawClient client(socket);
    client.send(requests);
    client.shut_down_writing();
    answers.sent += kAtOnce;
    const std::string all = client.read_to_end();
    for (std::size_t at = 0; (at = all.find("HTTP/1.1 ", at)) != std::string::npos; ++at)
        answers.count(all.substr(at, 400));
}

void come_and_go(const std::string& socket, Answers&, const std::stop_token&) {
    const RawClient client(socket);
}

unsigned long figure(const std::string& metrics, const std::string& name) {
    const std::size_t at = metrics.find('\n' + name + ' ');
    return at == std::string::npos ? 0 : std::stoul(metrics.substr(at + name.size() + 2));
}

/// No look begins later than a tick after it was due, but where the host gives us no processor for so
/// long.
void expect_seldom_late(const json& status) {
    const json& cost = status.at("cost");
    EXPECT_LE(cost.at("late_ticks"), 1 + cost.at("ticks").get<unsigned>() / 10);
}

TEST_F(DaemonAbuse, ConnectionsAreBoundedForEachUserAndForAll) {
    in_pid_namespace([] {
        StubbornServers servers;
        DaemonRun daemon(kEverySecond);
        ASSERT_TRUE(daemon.await_ready());
        std::vector<RawClient> idle;
        for (std::size_t i = 0; i < kConnections; ++i) {
            const uid_t user = kFirstUser + static_cast<uid_t>(i / kConnectionsPerUser);
            idle.push_back(client_of(user, daemon.socket()));
            if (i + 1 != kConnectionsPerUser) continue;
            EXPECT_THAT(client_of(user, daemon.socket()).read_to_end(),
                        AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("Retry-After: 5\r\n"),
                              HasSubstr("you have 10 connections already")));
        }
        EXPECT_THAT(client_of(0, daemon.socket()).read_to_end(),
                    AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("Retry-After: 5\r\n"),
                          HasSubstr("there are 100 connections already")));
        // One of them: the host itself may stand still for a while.
        std::vector<std::chrono::milliseconds> took;
        for (int i = 0; i < 3; ++i) took.push_back(servers.leak_until_ended());
        EXPECT_LE(std::ranges::min(took), kSoonEnough);
        EXPECT_THAT(idle.back().get("/health"), StartsWith("HTTP/1.1 200 "));
        idle.clear();
        const json status = daemon.status();
        EXPECT_EQ(status.at("connections"), 1) << "its own";
        expect_seldom_late(status);
        EXPECT_EQ(daemon.end(), 0);
    });
}

TEST_F(DaemonAbuse, WhateverClientsDoWhatHasLeakedIsEndedInTime) {
    in_pid_namespace([] {
        StubbornServers servers;
        servers.start("");
        DaemonRun daemon(kEverySecond);
        ASSERT_TRUE(daemon.await_ready());
        servers.leak_until_ended();
        const json before = daemon.status();

        Answers answers{};
        const auto begun = std::chrono::steady_clock::now();
        std::vector<std::chrono::milliseconds> took;
        {
            std::list<Abuser> abusers;
            const std::vector<Abuser::Once> ways = {send_slowly,  send_slowly, send_much,
                                                    send_no_http, send_many,   come_and_go};
            uid_t user = kFirstUser;
            for (int times = 0; times < 2; ++times) {
                for (const Abuser::Once& way : ways)
                    abusers.emplace_back(++user, daemon.socket(), answers, way);
            }
            // Longer than a slow sender has: some are dropped.
            const auto until = std::chrono::steady_clock::now() + 18s;
            while (std::chrono::steady_clock::now() < until || answers.sent < kRequests ||
                   answers.dropped == 0) {
                took.push_back(servers.leak_until_ended());
                ASSERT_LT(took.size(), 100U) << "it does not come to its end";
                EXPECT_LE(daemon.status().at("connections"), kConnections);
            }
        }
        const json after = daemon.status();
        const std::string metrics = client_of(0, daemon.socket()).get("/metrics");
        const unsigned long refused = figure(metrics, "mcp_reaper_control_refused_total");
        std::ranges::sort(took);
        const auto median = took.at(took.size() / 2);
        std::cout << took.size() << " ended, half of them within " << median.count()
                  << " ms, the slowest after " << took.back().count() << " ms; "
                  << after.at("cost").at("late_ticks") << " late looks of "
                  << after.at("cost").at("ticks") << ", the longest took "
                  << after.at("cost").at("tick_max_ms") << " ms, " << after.at("cost").at("cpu_percent")
                  << " % CPU. " << answers.sent << " requests in a row; answers: " << answers.ok
                  << " 200, " << answers.bad << " 400, " << answers.too_large << " 413, "
                  << answers.too_many << " 429, " << answers.dropped << " dropped; " << refused
                  << " refused in all\n";
        EXPECT_LE(median, kSoonEnough);
        EXPECT_LE(took.back(), 5 * kSoonEnough) << "the host may stand still for a while";
        expect_seldom_late(after);
        EXPECT_GE(took.size(), 4U);
        EXPECT_GE(answers.sent, kRequests);
        // Of each hundred in a row but the first ones, and who only knocks.
        EXPECT_GE(answers.too_many, kRequests / 100 - 10);
        EXPECT_GT(refused, 1000U);
        EXPECT_EQ(answers.without_retry, 0U);
        EXPECT_GT(answers.bad, 0U);
        EXPECT_GT(answers.too_large, 0U);
        EXPECT_GT(answers.dropped, 0U);
        EXPECT_EQ(answers.others, 0U);
        // Each of two gets a hundred answers, and a hundred in each minute.
        const auto minutes =
            std::chrono::ceil<std::chrono::minutes>(std::chrono::steady_clock::now() - begun);
        const auto most = 2 * (100U + 100U * static_cast<unsigned>(minutes.count()));
        for (const unsigned some : {answers.ok.load(), answers.bad.load(), answers.too_large.load()})
            EXPECT_LE(some, most);
        // Nothing of them is left.
        EXPECT_EQ(after.at("connections"), 1);
        constexpr unsigned kOfOneServer = 4;  // That is, or is no longer, kept an eye on.
        EXPECT_LE(after.at("cost").at("descriptors"),
                  before.at("cost").at("descriptors").get<unsigned>() + kOfOneServer);
        EXPECT_EQ(daemon.end(), 0);
    });
}

}  // namespace
}  // namespace reaper::integration
