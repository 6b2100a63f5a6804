#include "scan/proc_connector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "support/child.h"

namespace reaper::scan {
namespace {

using Kind = ProcessEvent::Kind;
using Raw = std::vector<std::byte>;

template <typename Value>
void put(Raw& bytes, Value value) {
    const auto* const raw = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), raw, raw + sizeof value);
}

/// One datagram as the kernel sends it: a netlink header, a connector header, an event.
struct Datagram {
    std::uint16_t type = 3;  // NLMSG_DONE
    std::uint32_t index = 1;
    std::uint32_t answer = 0;
    std::uint32_t what = 0;
    std::vector<std::uint32_t> about;
    std::optional<std::uint32_t> claimed_size = {};     ///< In the netlink header.
    std::optional<std::uint16_t> claimed_payload = {};  ///< In the connector's.

    [[nodiscard]] Raw bytes() const {
        Raw event;
        put(event, what);
        put(event, std::uint32_t{0});
        put(event, std::uint64_t{12345});
        for (const std::uint32_t word : about) put(event, word);
        event.resize(40);
        Raw all;
        put(all, claimed_size.value_or(static_cast<std::uint32_t>(16 + 20 + event.size())));
        put(all, type);
        put(all, std::uint16_t{0});
        put(all, std::uint64_t{0});
        put(all, index);
        put(all, std::uint32_t{1});
        put(all, std::uint32_t{7});
        put(all, answer);
        put(all, claimed_payload.value_or(static_cast<std::uint16_t>(event.size())));
        put(all, std::uint16_t{0});
        all.insert(all.end(), event.begin(), event.end());
        return all;
    }
};

ConnectorText read(const Raw& bytes) {
    ConnectorText text;
    parse_connector(bytes, text);
    return text;
}

std::vector<ProcessEvent> events(const Datagram& datagram) {
    return read(datagram.bytes()).events;
}

TEST(ConnectorText, TellsWhatHappenedToProcesses) {
    using Events = std::vector<ProcessEvent>;
    EXPECT_EQ(events({.what = 1, .about = {10, 10, 11, 11}}), (Events{{Kind::began, 11}}));
    EXPECT_EQ(events({.what = 2, .about = {12, 12}}), (Events{{Kind::executed, 12}}));
    EXPECT_EQ(events({.what = 4, .about = {13, 13, 0, 0}}), (Events{{Kind::user_changed, 13}}));
    EXPECT_EQ(events({.what = 0x80, .about = {14, 14}}), (Events{{Kind::session_changed, 14}}));
    EXPECT_EQ(events({.what = 0x200, .about = {15, 15}}), (Events{{Kind::renamed, 15}}));
    EXPECT_EQ(events({.what = 0x80000000, .about = {16, 16}}), (Events{{Kind::ended, 16}}));
}

TEST(ConnectorText, PassesOverThreads) {
    EXPECT_TRUE(events({.what = 1, .about = {10, 10, 17, 10}}).empty());
    EXPECT_TRUE(events({.what = 0x80000000, .about = {17, 10}}).empty());
    EXPECT_TRUE(events({.what = 0x200, .about = {17, 10}}).empty());
}

TEST(ConnectorText, AnExecOfAThreadIsItsProcesss) {
    EXPECT_EQ(events({.what = 2, .about = {17, 10}}), (std::vector<ProcessEvent>{{Kind::executed, 10}}));
}

TEST(ConnectorText, KnowsAnAnswerByItsNumber) {
    EXPECT_EQ(read(Datagram{.answer = 99, .about = {0}}.bytes()).confirms, 99U);
    EXPECT_EQ(read(Datagram{.answer = 99, .about = {1}}.bytes()).confirms, std::nullopt);  // EPERM
}

TEST(ConnectorText, PassesOverWhatItDoesNotKnow) {
    EXPECT_TRUE(events({.type = 2, .what = 2, .about = {12, 12}}).empty());   // NLMSG_ERROR
    EXPECT_TRUE(events({.index = 3, .what = 2, .about = {12, 12}}).empty());  // another connector
    EXPECT_TRUE(events({.what = 0x100, .about = {12, 12}}).empty());          // ptrace
    EXPECT_TRUE(events({.what = 2, .about = {0, 0}}).empty());
    EXPECT_TRUE(events({.what = 2, .about = {0, 0xffffffff}}).empty());
}

TEST(ConnectorText, ReadsSeveralMessagesOfOneDatagram) {
    Raw bytes = Datagram{.what = 2, .about = {12, 12}}.bytes();
    const Raw second = Datagram{.what = 1, .about = {12, 12, 13, 13}}.bytes();
    bytes.insert(bytes.end(), second.begin(), second.end());
    EXPECT_EQ(read(bytes).events, (std::vector<ProcessEvent>{{Kind::executed, 12}, {Kind::began, 13}}));
}

TEST(ConnectorText, BelievesNoLength) {
    const Datagram whole{.what = 1, .about = {10, 10, 11, 11}};
    for (std::uint32_t size : {0U, 1U, 15U, 77U, 0xffffffffU}) {
        Datagram liar = whole;
        liar.claimed_size = size;
        EXPECT_TRUE(events(liar).empty()) << size;
    }
    for (const int size : {0, 3, 16, 31, 41, 0xffff}) {
        Datagram liar = whole;
        liar.claimed_payload = static_cast<std::uint16_t>(size);
        EXPECT_TRUE(events(liar).empty()) << size;
    }
}

TEST(ConnectorText, SurvivesCutsAndNoise) {
    const Raw whole = Datagram{.what = 1, .about = {10, 10, 11, 11}}.bytes();
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_TRUE(
            read({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)}).events.empty());
    std::mt19937 random(4711);
    for (int round = 0; round < 20'000; ++round) {
        Raw noise = whole;
        for (int i = 0; i < 4; ++i) noise[random() % noise.size()] = static_cast<std::byte>(random());
        for (const ProcessEvent& event : read(noise).events) EXPECT_GT(event.pid, 0);
    }
}

TEST(ProcConnector, HearsOfAChild) {
    auto connector = ProcConnector::open();
    if (!connector) GTEST_SKIP() << connector.error().message();
    pid_t pid = 0;
    {
        const test::Child child = test::Child::exec("/bin/sleep", {"sleep", "1000"});
        pid = child.pid();
    }
    ConnectorText text;
    const auto heard = [&](Kind kind) {
        return std::ranges::find(text.events, ProcessEvent{kind, pid}) != text.events.end();
    };
    while (!heard(Kind::ended)) {
        pollfd waiting{connector->fd(), POLLIN, 0};
        ASSERT_EQ(::poll(&waiting, 1, 5000), 1);
        connector->receive(text, 1000);
    }
    EXPECT_TRUE(heard(Kind::began));
    EXPECT_TRUE(heard(Kind::executed));
}

}  // namespace
}  // namespace reaper::scan
