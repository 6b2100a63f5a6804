// The event stream, over a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/control_server.h"
#include "support/control_host.h"
#include "support/raw_client.h"

namespace reaper::daemon {
namespace {

using std::chrono::milliseconds;
using test::ControlHost;
using test::RawClient;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

void publish(ControlHost& host, const std::string& id, const std::string& message = "m") {
    host.on_loop([&] { host.backend().publish(id, message); });
}

std::size_t subscribers(ControlHost& host) {
    return host.get<std::size_t>([](auto& daemon) { return daemon.subscribers(); });
}

TEST(EventFeed, WithoutFollowIsWhatIsKept) {
    ControlHost host;
    publish(host, "a-1");
    publish(host, "a-2");
    RawClient client(host.path());
    const std::string all = client.get("/events");
    EXPECT_THAT(all, HasSubstr("Content-Type: application/x-ndjson\r\n"));
    EXPECT_THAT(all, HasSubstr("\"a-1\""));
    EXPECT_THAT(all, testing::EndsWith("}\n"));
    const std::string later = client.get("/events?after=a-1");
    EXPECT_THAT(later, Not(HasSubstr("\"a-1\"")));
    EXPECT_THAT(later, HasSubstr("\"a-2\""));
    EXPECT_EQ(subscribers(host), 0U);
}

TEST(EventFeed, FollowsFromWhereItIsTold) {
    ControlHost host;
    publish(host, "a-1");
    publish(host, "a-2");
    RawClient client(host.path());
    client.send("GET /events?follow=1&after=a-1 HTTP/1.1\r\n\r\n");
    EXPECT_THAT(client.read_through("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_THAT(client.read_through("}\n\r\n"), HasSubstr("\"a-2\""));
    publish(host, "a-3");
    const std::string chunk = client.read_through("}\n\r\n");
    const std::size_t length = std::stoul(chunk, nullptr, 16);
    EXPECT_EQ(chunk.size(), chunk.find("\r\n") + 2 + length + 2);
    EXPECT_THAT(chunk, HasSubstr("\"a-3\""));
}

TEST(EventFeed, Http10GetsItWithoutChunks) {
    ControlHost host;
    RawClient client(host.path());
    client.send("GET /events?follow=1 HTTP/1.0\r\n\r\n");
    EXPECT_THAT(client.read_through("\r\n\r\n"), HasSubstr("Connection: close\r\n"));
    publish(host, "a-1");
    EXPECT_THAT(client.read_through("\n"), StartsWith("{\"id\":\"a-1\""));
}

TEST(EventFeed, BeatsWhereNothingHappens) {
    ControlBounds bounds;
    bounds.heartbeat = milliseconds(200);
    bounds.idle = milliseconds(700);  // Who follows is not idle.
    ControlHost host(bounds);
    RawClient client(host.path());
    client.send("GET /events?follow=1 HTTP/1.1\r\n\r\n");
    for (int i = 0; i < 5; ++i)
        EXPECT_THAT(client.read_through("}\n\r\n"), HasSubstr("{\"heartbeat\":\""));
}

TEST(EventFeed, EndsWithItsReader) {
    ControlHost host;
    RawClient client(host.path());
    client.send("GET /events?follow=1 HTTP/1.1\r\n\r\n");
    client.read_through("\r\n\r\n");
    EXPECT_EQ(subscribers(host), 1U);
    client.close();
    for (int tries = 0; tries < 2000 && subscribers(host) != 0; ++tries) ::usleep(1000);
    EXPECT_EQ(subscribers(host), 0U);
}

TEST(EventFeed, AReaderThatTalksIsNoReader) {
    ControlHost host;
    RawClient client(host.path());
    client.send("GET /events?follow=1 HTTP/1.1\r\n\r\n");
    client.read_through("\r\n\r\n");
    client.send("GET /status HTTP/1.1\r\n\r\n");
    EXPECT_EQ(client.read_to_end(), "");
}

TEST(EventFeed, AReaderTooFarBehindIsDropped) {
    ControlBounds bounds;
    bounds.behind_bytes = 64 * 1024;
    ControlHost host(bounds);
    RawClient slow(host.path());
    RawClient good(host.path());
    for (RawClient* const client : {&slow, &good}) {
        client->send("GET /events?follow=1 HTTP/1.1\r\n\r\n");
        client->read_through("\r\n\r\n");
    }
    const std::string message(10'000, 'x');
    for (int i = 0; i < 100; ++i) {
        publish(host, "a-" + std::to_string(i), message);
        EXPECT_THAT(good.read_through("}\n\r\n"), HasSubstr("\"a-" + std::to_string(i) + "\""));
    }
    EXPECT_THAT(slow.read_to_end(), Not(HasSubstr("\"a-99\"")));
    EXPECT_EQ(subscribers(host), 1U);
    EXPECT_EQ(host.figures().dropped, 1U);
}

TEST(EventFeed, AReaderThatTakesNothingIsDropped) {
    ControlBounds bounds;
    bounds.answer = milliseconds(100);
    bounds.behind_bytes = 100'000'000;
    ControlHost host(bounds);
    RawClient stuck(host.path());
    stuck.send("GET /events?follow=1 HTTP/1.1\r\n\r\n");
    stuck.read_through("\r\n\r\n");
    for (int i = 0; i < 100; ++i) publish(host, "a", std::string(10'000, 'x'));
    for (int tries = 0; tries < 5000 && subscribers(host) != 0; ++tries) ::usleep(1000);
    EXPECT_EQ(subscribers(host), 0U);
}

/// More is kept than a reader may be behind: the newest of it comes, and the stream goes on.
TEST(EventFeed, OfTooMuchTheNewestComes) {
    ControlBounds bounds;
    bounds.behind_bytes = 64 * 1024;
    ControlHost host(bounds);
    for (int i = 0; i < 100; ++i) publish(host, "a-" + std::to_string(i), std::string(10'000, 'x'));
    RawClient client(host.path());
    client.send("GET /events?follow=1 HTTP/1.1\r\n\r\n");
    EXPECT_THAT(client.read_through("\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
    const std::string first = client.read_through("}\n\r\n");
    EXPECT_THAT(first, HasSubstr("\"a-94\""));
    for (int i = 95; i < 100; ++i)
        EXPECT_THAT(client.read_through("}\n\r\n"), HasSubstr("\"a-" + std::to_string(i) + "\""));
    publish(host, "b");
    EXPECT_THAT(client.read_through("}\n\r\n"), HasSubstr("\"b\""));
}

}  // namespace
}  // namespace reaper::daemon
