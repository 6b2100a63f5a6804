#include "daemon/health_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace reaper::daemon;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

const std::string kAny = "http://127.0.0.1:{port}/health";

HealthAddress v4(std::uint16_t port, std::string host = "127.0.0.1", std::string target = "/health") {
    return {false, port, host + ":" + std::to_string(port), target};
}

HealthAddress v6(std::uint16_t port, std::string host = "[::1]", std::string target = "/health") {
    return {true, port, host + ":" + std::to_string(port), target};
}

}  // namespace

TEST(HealthAddress, IsThePortThatTheServerListensOn) {
    EXPECT_THAT(health_addresses(kAny, {"tcp 127.0.0.1:8931"}), ElementsAre(v4(8931)));
    EXPECT_THAT(health_addresses(kAny, {"tcp 0.0.0.0:80"}), ElementsAre(v4(80)));
    EXPECT_THAT(health_addresses(kAny, {"unix /run/x.sock", "tcp 127.0.0.1:1", "tcp 127.0.0.1:65535"}),
                ElementsAre(v4(1), v4(65535)));
}

TEST(HealthAddress, IsNoneThatTheAddressDoesNotReach) {
    for (const char* socket :
         {"tcp 192.168.1.5:80", "tcp 127.0.0.53:80", "tcp [::1]:80", "unix /run/x", "unix", "tcp",
          "tcp 127.0.0.1", "tcp 127.0.0.1:0", "tcp 127.0.0.1:99999"}) {
        EXPECT_THAT(health_addresses(kAny, {socket}), IsEmpty()) << socket;
    }
    EXPECT_THAT(health_addresses("http://[::1]:{port}/health", {"tcp 127.0.0.1:80"}), IsEmpty());
    EXPECT_THAT(health_addresses(kAny, {}), IsEmpty());
}

TEST(HealthAddress, OfEveryAddressMayBeIpv6Alone) {
    EXPECT_THAT(health_addresses(kAny, {"tcp [::]:80"}), ElementsAre(v4(80), v6(80, "127.0.0.1")));
    EXPECT_THAT(health_addresses("http://[::1]:{port}/health", {"tcp [::]:80"}), ElementsAre(v6(80)));
}

TEST(HealthAddress, OfLocalhostIsWhereverTheServerListens) {
    EXPECT_THAT(health_addresses("http://localhost:{port}", {"tcp 127.0.0.1:80", "tcp [::1]:81"}),
                ElementsAre(v4(80, "localhost", "/"), v6(81, "localhost", "/")));
}

TEST(HealthAddress, WithAPortIsAskedOnlyOfTheServerWhosePortItIs) {
    EXPECT_THAT(health_addresses("http://127.0.0.1:80/health", {"tcp 127.0.0.1:80", "tcp 127.0.0.1:81"}),
                ElementsAre(v4(80)));
    EXPECT_THAT(health_addresses("http://127.0.0.1:8080/health", {"tcp 127.0.0.1:80"}), IsEmpty());
    EXPECT_THAT(health_addresses("http://127.0.0.1/health", {"tcp 127.0.0.1:80", "tcp 127.0.0.1:81"}),
                ElementsAre(v4(80)));
    EXPECT_THAT(health_addresses("http://[::1]/health", {"tcp [::1]:80"}), ElementsAre(v6(80)));
}

TEST(HealthAddress, IsBoundedInNumber) {
    std::vector<std::string> sockets;
    for (int port = 1; port < 100; ++port) sockets.push_back("tcp 127.0.0.1:" + std::to_string(port));
    EXPECT_THAT(health_addresses(kAny, sockets), SizeIs(kMaxHealthAddresses));
}

TEST(HealthAddress, IsNoneWhereThePolicyCouldNotHaveSaidIt) {
    for (const char* url : {"", "http://", "https://127.0.0.1/", "http://127.0.0.1:x/", "http://[::1"}) {
        EXPECT_THAT(health_addresses(url, {"tcp 10.0.0.1:80"}), IsEmpty()) << url;
    }
}
