#include "report/event_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "support/child.h"

namespace reaper::report {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

Event an_action() {
    Event event;
    event.id = "s-0000000007";
    event.kind = EventKind::action;
    event.uid = 1000;
    event.message = "playwright 4711: ended (terminate)";
    event.server = ProcessId{4711, Ticks(79231)};
    event.type = "playwright";
    event.detail["action"] = "terminate";
    event.detail["rules"] = {"orphan", "over_cpu"};
    event.detail["effect"] = "ended";
    return event;
}

TEST(JournalFields, AreThoseOfTheEvent) {
    const JournalFields fields = journal_fields(an_action());
    EXPECT_THAT(fields, Contains(Pair("MESSAGE", "playwright 4711: ended (terminate)")));
    EXPECT_THAT(fields, Contains(Pair("PRIORITY", "5")));
    EXPECT_THAT(fields, Contains(Pair("SYSLOG_IDENTIFIER", "mcp-reaper")));
    EXPECT_THAT(fields, Contains(Pair("MESSAGE_ID", "ff67b82c19814872990011b4db04a731")));
    EXPECT_THAT(fields, Contains(Pair("MCP_REAPER_EVENT", "action")));
    EXPECT_THAT(fields, Contains(Pair("MCP_REAPER_EVENT_ID", "s-0000000007")));
    EXPECT_THAT(fields, Contains(Pair("MCP_REAPER_UID", "1000")));
    EXPECT_THAT(fields, Contains(Pair("MCP_REAPER_SERVER", "4711@79231")));
    EXPECT_THAT(fields, Contains(Pair("MCP_REAPER_SERVER_PID", "4711")));
    EXPECT_THAT(fields, Contains(Pair("MCP_REAPER_SERVER_TYPE", "playwright")));
    EXPECT_THAT(fields, Contains(Pair("MCP_REAPER_RULE", "orphan")));
    EXPECT_THAT(fields, Contains(Pair("MCP_REAPER_RULE", "over_cpu")));
    EXPECT_THAT(fields, Contains(Pair("MCP_REAPER_ACTION", "terminate")));
    EXPECT_THAT(fields, Contains(Pair("MCP_REAPER_EFFECT", "ended")));
    EXPECT_THAT(
        fields,
        Contains(Pair("MCP_REAPER_DETAIL",
                      R"({"action":"terminate","rules":["orphan","over_cpu"],"effect":"ended"})")));
}

TEST(JournalFields, LeaveJournaldNoCommandLineToLookUp) {
    // With OBJECT_PID journald adds OBJECT_CMDLINE by itself, secrets and all.
    EXPECT_THAT(journal_fields(an_action()), Not(Contains(Key("OBJECT_PID"))));
}

TEST(JournalFields, OfTheDaemonNameNoServer) {
    Event event;
    event.kind = EventKind::paused;
    const JournalFields fields = journal_fields(event);
    EXPECT_THAT(fields, Not(Contains(Key("MCP_REAPER_SERVER"))));
    EXPECT_THAT(fields, Not(Contains(Key("MCP_REAPER_SERVER_PID"))));
    EXPECT_THAT(fields, Not(Contains(Key("MCP_REAPER_SERVER_TYPE"))));
    EXPECT_THAT(fields, Not(Contains(Key("MCP_REAPER_DETAIL"))));
}

TEST(JournalFields, AreDescribed) {
    std::ifstream file(std::string(REAPER_SOURCE_DIR) + "/docs/events.md");
    const std::string document((std::istreambuf_iterator<char>(file)), {});
    for (const auto& [name, value] : journal_fields(an_action())) {
        EXPECT_THAT(document, HasSubstr("`" + name + "`"));
    }
    for (std::size_t i = 0; i < kEventKinds; ++i) {
        EXPECT_THAT(document, HasSubstr(std::string(journal_message_id(static_cast<EventKind>(i)))));
    }
}

TEST(JournalPriority, IsHigherForWhatWentWrong) {
    Event event = an_action();
    EXPECT_EQ(journal_priority(event), LOG_NOTICE);
    event.detail["effect"] = "unkillable";
    EXPECT_EQ(journal_priority(event), LOG_WARNING);
    event.detail["effect"] = "failed";
    EXPECT_EQ(journal_priority(event), LOG_WARNING);
    event.kind = EventKind::policy_refused;
    EXPECT_EQ(journal_priority(event), LOG_ERR);
    event.kind = EventKind::server_started;
    EXPECT_EQ(journal_priority(event), LOG_INFO);
}

TEST(JournalDatagram, WritesALengthBeforeWhatHasNewlines) {
    EXPECT_EQ(journal_datagram({{"A", "b"}, {"C", "d\ne"}}),
              std::string("A=b\nC\n\x03\0\0\0\0\0\0\0d\ne\n", 18));
}

class Journal : public ::testing::Test {
  protected:
    /// A journald that nobody reads for.
    void begin() {
        socket_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path().c_str(), sizeof(address.sun_path) - 1);
        ASSERT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    }
    std::string read() {
        std::array<char, 65536> buffer;
        const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
        return n < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(n));
    }
    [[nodiscard]] std::string path() const { return directory_.path("socket"); }

    test::TemporaryDirectory directory_;
    UniqueFd socket_;
};

TEST_F(Journal, GetsTheFields) {
    begin();
    EventJournal journal(path());
    journal.write(an_action());
    EXPECT_TRUE(journal.there());
    EXPECT_EQ(read(), journal_datagram(journal_fields(an_action())));
    EXPECT_EQ(journal.trouble(), std::nullopt);
}

TEST_F(Journal, ThatIsNotThereIsNoTrouble) {
    EventJournal journal(path());
    journal.write(an_action());
    EXPECT_FALSE(journal.there());
    EXPECT_EQ(journal.trouble(), std::nullopt);
    begin();
    journal.write(an_action());
    EXPECT_TRUE(journal.there()) << "it has been started meanwhile";
}

TEST_F(Journal, ThatIsFullIsNotWaitedForAndTellsWhatIsMissing) {
    begin();
    EventJournal journal(path());
    int sent = 0;
    std::optional<std::string> trouble;
    for (; sent < 100'000 && !trouble; ++sent) {  // Hangs where the test fails.
        journal.write(an_action());
        trouble = journal.trouble();
    }
    ASSERT_TRUE(trouble.has_value());
    EXPECT_EQ(*trouble,
              "the journal takes no events: its queue is full; they are missing in it for now");
    journal.write(an_action());
    EXPECT_EQ(journal.trouble(), std::nullopt) << "said once";
    while (!read().empty()) --sent;
    EXPECT_EQ(sent, 1) << "all but the last of the loop";
    journal.write(an_action());
    EXPECT_EQ(journal.trouble(), "the journal takes events again; 2 are missing in it");
    journal.write(an_action());
    EXPECT_EQ(journal.trouble(), std::nullopt);
}

TEST_F(Journal, MayBeStartedAgain) {
    begin();
    EventJournal journal(path());
    journal.write(an_action());
    socket_.close();
    ::unlink(path().c_str());
    begin();
    journal.write(an_action());
    EXPECT_FALSE(read().empty());
}

TEST_F(Journal, TakesTheLongestEvent) {
    begin();
    Event event = an_action();
    event.message = std::string(100'000, 'x');
    event.detail["why"] = std::string(kLongestEventLine - 200, 'y');
    EventJournal journal(path());
    journal.write(event);
    EXPECT_EQ(journal.trouble(), std::nullopt);
    EXPECT_GT(read().size(), kLongestEventLine - 200);
}

}  // namespace
}  // namespace reaper::report
