// What clients do that are broken, slow or hostile. Bounds hold, others are served, nothing is left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <random>

#include "daemon/control_server.h"
#include "daemon/metrics.h"
#include "support/control_host.h"
#include "support/raw_client.h"

namespace reaper::daemon {
namespace {

using std::chrono::milliseconds;
using test::ControlHost;
using test::RawClient;
using testing::HasSubstr;
using testing::StartsWith;

/// Nothing is waited for that long where all is well.
constexpr milliseconds kShort{500};
constexpr milliseconds kLong = std::chrono::minutes(5);

ControlBounds patient() {
    ControlBounds bounds;
    bounds.idle = bounds.request = bounds.answer = bounds.lifetime = kLong;
    bounds.requests_per_minute = 1'000'000;
    return bounds;
}

/// A clock by which nothing comes due again.
ControlHost::Clock standing_still() {
    return [now = std::chrono::steady_clock::now()] { return now; };
}

void expect_served(ControlHost& host) {
    EXPECT_THAT(RawClient(host.path()).get("/health/live"), StartsWith("HTTP/1.1 200 "));
}

/// Until the figure is that: nothing tells of its change but itself.
template <typename Read>
void await_figure(std::uint64_t wanted, const Read& read) {
    std::uint64_t now = read();
    for (int tries = 0; tries < 2000 && now != wanted; ++tries) {
        ::usleep(1000);
        now = read();
    }
    EXPECT_EQ(now, wanted);
}

void await_connections(ControlHost& host, std::size_t count) {
    await_figure(count, [&] { return host.figures().connections; });
}

TEST(ControlAbuse, IdleConnectionsEnd) {
    ControlBounds bounds = patient();
    bounds.idle = kShort;
    ControlHost host(bounds);
    RawClient silent(host.path());
    EXPECT_EQ(silent.read_to_end(), "");
    RawClient served(host.path());
    EXPECT_THAT(served.get("/health/live"), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(served.read_to_end(), "");
    EXPECT_EQ(host.figures().dropped, 2U);
}

TEST(ControlAbuse, ARequestMustArriveInTime) {
    ControlBounds bounds = patient();
    bounds.request = kShort;
    ControlHost host(bounds);
    RawClient half(host.path());
    half.send("GET /status HT");
    EXPECT_EQ(half.read_to_end(), "");
    RawClient without_body(host.path());
    without_body.send("POST /pause HTTP/1.1\r\nContent-Length: 10\r\n\r\n{");
    EXPECT_EQ(without_body.read_to_end(), "");
}

/// A byte now and then is no excuse: the time is for the whole request.
TEST(ControlAbuse, SlowSendersAreDropped) {
    ControlBounds bounds = patient();
    bounds.request = kShort * 3;
    ControlHost host(bounds);
    RawClient slow(host.path());
    bool taken = true;
    for (int i = 0; i < 1000 && taken; ++i) {
        taken = slow.send(i == 0 ? "GET /status HTTP/1.1\r\n" : "X: y\r\n");
        ::usleep(10'000);
    }
    EXPECT_FALSE(taken);
    EXPECT_EQ(host.figures().dropped, 1U);
}

TEST(ControlAbuse, ConnectionsHaveALifetime) {
    ControlBounds bounds = patient();
    bounds.lifetime = kShort * 3;
    ControlHost host(bounds);
    RawClient following(host.path());
    following.send("GET /events?follow=1 HTTP/1.1\r\n\r\n");
    // Its end is an orderly one, so that a reader knows that it may come again.
    EXPECT_THAT(following.read_to_end(), testing::EndsWith("\r\n\r\n0\r\n\r\n"));
    RawClient idle(host.path());
    EXPECT_EQ(idle.read_to_end(), "");
}

TEST(ControlAbuse, MoreConnectionsThanThereMayBeAreRefused) {
    ControlBounds bounds = patient();
    ControlHost host(bounds);
    std::vector<RawClient> clients;
    for (std::size_t i = 0; i < bounds.connections; ++i) clients.emplace_back(host.path());
    await_connections(host, bounds.connections);
    const std::string refused = RawClient(host.path()).read_to_end();
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 429 Too Many Requests\r\n"));
    EXPECT_THAT(refused, HasSubstr("Retry-After: 5\r\n"));
    EXPECT_THAT(refused, HasSubstr("there are 100 connections already"));
    clients.pop_back();
    await_connections(host, bounds.connections - 1);
    expect_served(host);
}

TEST(ControlAbuse, MoreRequestsThanThereMayBeAreRefused) {
    ControlBounds bounds = patient();
    bounds.requests_per_minute = 100;
    ControlHost host(bounds, standing_still());
    RawClient client(host.path());
    for (int i = 0; i < 100; ++i) ASSERT_THAT(client.get("/health/live"), StartsWith("HTTP/1.1 200 "));
    const std::string refused = client.get("/health/live");
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 429 "));
    EXPECT_THAT(refused, HasSubstr("Retry-After: 1\r\n"));
    EXPECT_THAT(refused, HasSubstr("Connection: close\r\n"));
    EXPECT_EQ(client.read_to_end(), "");
    EXPECT_THAT(RawClient(host.path()).read_to_end(), StartsWith("HTTP/1.1 429 "));
}

/// Nor is what cannot be read for free.
TEST(ControlAbuse, RequestsThatCannotBeReadCount) {
    ControlBounds bounds = patient();
    bounds.requests_per_minute = 50;
    ControlHost host(bounds, standing_still());
    for (int i = 0; i < 50; ++i) {
        const std::string answer = RawClient(host.path()).ask("GET\r\n\r\n");
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
    }
    EXPECT_THAT(RawClient(host.path()).read_to_end(), StartsWith("HTTP/1.1 429 "));
}

/// Who only comes and goes asks too.
TEST(ControlAbuse, ConnectionsWithoutARequestCount) {
    ControlBounds bounds = patient();
    bounds.requests_per_minute = 50;
    ControlHost host(bounds, standing_still());
    for (int i = 0; i < 50; ++i) {
        RawClient client(host.path());
        client.shut_down_writing();
        EXPECT_EQ(client.read_to_end(), "");
    }
    EXPECT_THAT(RawClient(host.path()).read_to_end(), StartsWith("HTTP/1.1 429 "));
}

TEST(ControlAbuse, PipelinedRequestsAreAnsweredInOrder) {
    ControlHost host(patient());
    RawClient client(host.path());
    std::string requests;
    for (int i = 0; i < 50; ++i)
        requests += "GET /health/live HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\n\r\n";
    client.send(requests);
    for (int i = 0; i < 50; ++i) {
        ASSERT_THAT(client.read_answer(), StartsWith("HTTP/1.1 200 "));
        ASSERT_THAT(client.read_answer(), StartsWith("HTTP/1.1 404 "));
    }
}

TEST(ControlAbuse, HugeHeadersAreRefused) {
    ControlHost host(patient());
    RawClient client(host.path());
    client.send("GET /status HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
    const std::string answer = client.read_to_end();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
    RawClient endless(host.path());
    const std::string much(1'000'000, 'x');
    endless.send("GET /");
    for (int i = 0; i < 40 && endless.send(much); ++i) {
    }
    expect_served(host);
}

TEST(ControlAbuse, HugeBodiesAreRefusedBeforeTheyAreRead) {
    ControlHost host(patient());
    RawClient client(host.path());
    client.send("POST /actions HTTP/1.1\r\nContent-Length: 10485760\r\n\r\n");
    EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 413 Content Too Large\r\n"));
    // Who sends it all the same gets to read why.
    EXPECT_TRUE(client.send(std::string(10'485'760, ' ')));
    client.shut_down_writing();
    EXPECT_EQ(client.read_to_end(), "");
    RawClient chunked(host.path());
    chunked.send("POST /actions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
    for (int i = 0; i < 32; ++i) chunked.send(chunk);
    EXPECT_THAT(chunked.read_answer(), StartsWith("HTTP/1.1 413 "));
}

TEST(ControlAbuse, AMebibyteIsRead) {
    ControlHost host(patient());
    const std::string body = "{" + std::string(1024 * 1024 - 2, ' ') + "}";
    EXPECT_THAT(RawClient(host.path()).post("/pause", body), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(RawClient(host.path()).post("/actions", std::string(1024 * 1024, '[')),
                HasSubstr("nested too deeply"));
}

TEST(ControlAbuse, WhatIsNotHttpIsRefused) {
    ControlHost host(patient());
    for (const std::string_view garbage :
         {std::string_view("\0\0\0\0\r\n\r\n", 8), std::string_view("\x16\x03\x01\x02\x00\r\n\r\n"),
          std::string_view("GET\r\n\r\n"), std::string_view("GET /status HTTP/9.9\r\n\r\n"),
          std::string_view("GET /status HTTP/1.1\r\nX\r\n\r\n"),
          std::string_view("POST /pause HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
          std::string_view(
              "POST /pause HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
          std::string_view("POST /pause HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")}) {
        RawClient client(host.path());
        client.send(garbage);
        EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 400 Bad Request\r\n")) << garbage;
    }
    expect_served(host);
}

TEST(ControlAbuse, RandomBytesHarmNothing) {
    ControlHost host(patient());
    std::mt19937 random(4711);
    const std::vector<std::string> pieces = {"GET ",
                                             "/events?follow=1",
                                             " HTTP/1.1\r\n",
                                             "\r\n",
                                             "\r\n\r\n",
                                             "Content-Length: 5\r\n",
                                             "POST /actions",
                                             "{\"deed\":",
                                             "\"",
                                             "Transfer-Encoding: chunked\r\n",
                                             "5\r\n",
                                             "%",
                                             "?",
                                             "\xff"};
    for (int i = 0; i < 300; ++i) {
        RawClient client(host.path());
        std::string text;
        const std::size_t count = random() % 20;
        for (std::size_t piece = 0; piece < count; ++piece) {
            if (random() % 3 == 0) {
                text += static_cast<char>(random());
            } else {
                text += pieces[random() % pieces.size()];
            }
        }
        client.send(text);
        if (random() % 2 == 0) client.shut_down_writing();
    }
    await_connections(host, 0);
    expect_served(host);
}

TEST(ControlAbuse, WhoLeavesInTheMiddleLeavesNothing) {
    ControlHost host(patient());
    expect_served(host);
    await_connections(host, 0);
    const std::uint64_t before = read_own_process().descriptors;
    for (const char* const beginning :
         {"", "GET", "GET /status HTTP/1.1\r\n", "POST /pause HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
          "GET /status HTTP/1.1\r\n\r\n", "GET /events?follow=1 HTTP/1.1\r\n\r\n"}) {
        for (int i = 0; i < 20; ++i) RawClient(host.path()).send(beginning);
    }
    await_connections(host, 0);
    EXPECT_EQ(host.get<std::size_t>([](auto& daemon) { return daemon.subscribers(); }), 0U);
    // A connection is counted off before its descriptor is closed.
    await_figure(before, [] { return read_own_process().descriptors; });
}

/// Who sends a request, says that nothing more comes, and waits, is no hostile client: `nc -N` does.
TEST(ControlAbuse, AHalfClosedConnectionIsAnswered) {
    ControlHost host(patient());
    RawClient client(host.path());
    client.send("GET /health/live HTTP/1.1\r\n\r\n");
    client.shut_down_writing();
    EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 200 "));
}

TEST(ControlAbuse, ReadersThatDoNotReadAreDropped) {
    ControlBounds bounds = patient();
    bounds.answer = kShort;
    ControlHost host(bounds);
    host.on_loop([&] { host.backend().status_value.cages = std::string(4000, 'x'); });
    RawClient client(host.path());
    std::string requests;
    for (int i = 0; i < 100'000; ++i) requests += "GET /status HTTP/1.1\r\n\r\n";
    EXPECT_FALSE(client.send(requests));  // Its answers are never read: at last it is cut off.
    EXPECT_EQ(host.figures().dropped, 1U);
}

/// No descriptors: said once, and everything goes on by itself when there are some.
TEST(ControlAbuse, WithoutDescriptorsItWaits) {
    ControlBounds bounds = patient();
    bounds.accept_pause = milliseconds(10);
    ControlHost host(bounds);
    RawClient waiting(host.path());
    EXPECT_THAT(waiting.get("/health/live"), StartsWith("HTTP/1.1 200 "));
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const rlimit none{static_cast<rlim_t>(socket.get()) + 1, before.rlim_max};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, host.path().data(), host.path().size());
    await_connections(host, 1);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    std::vector<UniqueFd> taken;  // Whatever is free below that.
    for (int fd = 0; (fd = ::dup(0)) >= 0;) taken.emplace_back(fd);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    for (int tries = 0; tries < 2000 && host.told().empty(); ++tries) ::usleep(1000);
    EXPECT_EQ(host.told().size(), 1U);
    EXPECT_THAT(waiting.get("/health/live"), StartsWith("HTTP/1.1 200 "));
    taken.clear();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    await_connections(host, 2);
    const auto told = host.told();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_THAT(told[0], HasSubstr("Too many open files"));
    EXPECT_EQ(told[1], "control connections are taken again");
}

}  // namespace
}  // namespace reaper::daemon
