#include "daemon/events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "support/child.h"
#include "support/snapshot_builder.h"

namespace reaper::daemon {
namespace {

using namespace std::chrono_literals;
using report::Event;
using report::EventKind;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class EventsTest : public ::testing::Test {
  protected:
    EventsTest()
        : events_(loop_, {.stamp = "stamp",
                          .wall = [] { return support::kStartWall; },
                          .steady = [this] { return now_; },
                          .journal_socket = directory_.path("journal"),
                          .hooks = {},
                          .stream = {}}) {
        events_.stream().subscribe({}, "", [this](std::string_view line) { lines_.emplace_back(line); });
    }
    void begin_journal() {
        journal_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, directory_.path("journal").c_str(), sizeof(address.sun_path) - 1);
        ASSERT_EQ(::bind(journal_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    }
    std::string from_journal() {
        std::array<char, 65536> buffer;
        const ssize_t n = ::recv(journal_.get(), buffer.data(), buffer.size(), 0);
        return n < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(n));
    }
    [[nodiscard]] std::string contents(const std::string& name) const {
        std::ifstream file(directory_.path(name));
        return {std::istreambuf_iterator<char>(file), {}};
    }
    [[nodiscard]] policy::EventSettings to_log(const std::string& name = "log/events.jsonl") const {
        return {.journal = false, .log = directory_.path(name)};
    }
    static policy::EventSettings to_journal() { return {}; }
    static policy::EventSettings nowhere() {
        policy::EventSettings settings;
        settings.journal = false;
        return settings;
    }
    std::string publish(EventKind kind, std::string message = "it is so") {
        Event event;
        event.kind = kind;
        event.message = std::move(message);
        return events_.publish(std::move(event));
    }
    void finish() {
        bool done = false;
        events_.finish(20s, [&] { done = true; });
        loop_.run_for(25s);
        EXPECT_TRUE(done);
    }

    test::TemporaryDirectory directory_;
    boost::asio::io_context loop_;
    MonotonicTime now_ = support::kStart;
    UniqueFd journal_;
    Events events_;
    std::vector<std::string> lines_;
};

TEST_F(EventsTest, HaveOneIdEverywhere) {
    begin_journal();
    policy::EventSettings settings = to_log();
    settings.journal = true;
    EXPECT_THAT(
        events_.configure(settings, {{{"/bin/sh", "-c",
                                       "cat > " + directory_.path("hook") +
                                           "; echo $MCP_REAPER_EVENT_ID > " + directory_.path("id")},
                                      {"paused"},
                                      10s}}),
        IsEmpty());
    const std::string id = publish(EventKind::paused);
    finish();
    EXPECT_EQ(id, "stamp-0000000001");
    ASSERT_THAT(lines_, SizeIs(1));
    EXPECT_EQ(contents("log/events.jsonl"), lines_[0] + "\n");
    EXPECT_EQ(contents("hook"), lines_[0] + "\n");
    EXPECT_EQ(contents("id"), id + "\n");
    EXPECT_THAT(lines_[0], HasSubstr("\"id\":\"stamp-0000000001\",\"at\":\"2026-09-21T14:13:20.000Z\""));
    EXPECT_THAT(from_journal(), HasSubstr("\nMCP_REAPER_EVENT_ID=stamp-0000000001\n"));
}

TEST_F(EventsTest, KeepTheirMomentAndCount) {
    Event event;
    event.kind = EventKind::limit_exceeded;
    event.at = support::kStartWall + 5s;
    events_.publish(event);
    EXPECT_THAT(lines_.at(0), HasSubstr("2026-09-21T14:13:25.000Z"));
    EXPECT_EQ(events_.statistics().resources_exceeded, 1U);
    EXPECT_EQ(publish(EventKind::paused), "stamp-0000000002");
}

TEST_F(EventsTest, GoWhereAReloadedPolicySays) {
    begin_journal();
    events_.configure(to_log("one/log"), {});
    publish(EventKind::paused);
    EXPECT_EQ(from_journal(), "");
    events_.configure({.journal = true, .log = directory_.path("two/log")}, {});
    publish(EventKind::resumed);
    EXPECT_THAT(from_journal(), HasSubstr("MCP_REAPER_EVENT=resumed"));
    events_.configure(nowhere(), {});
    publish(EventKind::paused);
    EXPECT_EQ(from_journal(), "");
    EXPECT_EQ(contents("one/log"), lines_.at(0) + "\n");
    EXPECT_EQ(contents("two/log"), lines_.at(1) + "\n");
    EXPECT_THAT(lines_, SizeIs(3));
}

TEST_F(EventsTest, TellOnceThatTheLogIsInTrouble) {
    begin_journal();
    policy::EventSettings settings = to_log("log");
    settings.journal = true;
    std::filesystem::create_directory(directory_.path("log"));
    events_.configure(settings, {});
    publish(EventKind::paused);
    publish(EventKind::resumed);
    ASSERT_THAT(lines_, SizeIs(3));
    EXPECT_THAT(lines_[1], HasSubstr("\"event\":\"log_trouble\""));
    EXPECT_THAT(lines_[1], HasSubstr("\"detail\":{\"sink\":\"log\"}"));
    EXPECT_THAT(lines_[2], HasSubstr("\"event\":\"resumed\""));
    from_journal();
    EXPECT_THAT(from_journal(), HasSubstr("PRIORITY=3"));

    std::filesystem::remove(directory_.path("log"));
    now_ += 30s;
    publish(EventKind::paused);
    ASSERT_THAT(lines_, SizeIs(5));
    EXPECT_THAT(lines_[4], HasSubstr("is written again; 3 events are missing in it"));
    EXPECT_EQ(contents("log"), lines_[3] + "\n" + lines_[4] + "\n");
}

TEST_F(EventsTest, TellOnceThatTheJournalIsFullAndGoOn) {
    begin_journal();
    events_.configure(to_journal(), {});
    for (int i = 0; i < 1000; ++i) publish(EventKind::paused);
    ASSERT_THAT(lines_, SizeIs(1001));
    int told = 0;
    for (const std::string& line : lines_) told += line.find("log_trouble") != std::string::npos ? 1 : 0;
    EXPECT_EQ(told, 1);
    while (!from_journal().empty()) {
    }
    publish(EventKind::resumed);
    EXPECT_THAT(lines_.back(), HasSubstr("the journal takes events again"));
}

TEST_F(EventsTest, TellThatAHookFailed) {
    events_.configure(nowhere(), {{{"/bin/false"}, {}, 10s}});
    publish(EventKind::paused);
    finish();
    ASSERT_THAT(lines_, SizeIs(2));
    EXPECT_THAT(lines_[1], HasSubstr("\"event\":\"hook_failed\""));
    EXPECT_EQ(events_.hooks().failed, 1U);
    EXPECT_EQ(events_.hooks().run, 1U) << "not for its own failure";
}

}  // namespace
}  // namespace reaper::daemon
