#include "guard/exchanges.h"

#include <gtest/gtest.h>

#include "guard/diagnosis.h"
#include "guard/handshake.h"
#include "guard/rate_limit.h"

namespace reaper::guard {
namespace {

using namespace std::chrono_literals;

FineTime at(std::chrono::microseconds time) {
    return FineTime(1000s) + time;
}

TEST(Exchanges, KnowWhatIsUnansweredInWhateverOrder) {
    Exchanges exchanges;
    exchanges.asked("1", "a", at(0us));
    exchanges.asked("\"1\"", "b", at(10us));
    exchanges.asked("null", "c", at(20us));
    EXPECT_EQ(exchanges.oldest(), at(0us));
    EXPECT_EQ(exchanges.answered("\"1\"", at(110us))->method, "b");
    EXPECT_FALSE(exchanges.answered("\"1\"", at(110us)));
    EXPECT_EQ(exchanges.answered("1.0", at(100us))->id, "1");
    exchanges.cancelled("null");
    EXPECT_EQ(exchanges.count(), 0U);
    EXPECT_EQ(exchanges.latency().answers, 2U);
    EXPECT_EQ(exchanges.latency().longest, 100us);
}

TEST(Exchanges, GiveUpWhatTakesTooLongAndDropItsAnswer) {
    Exchanges exchanges;
    exchanges.asked("1", "tools/call", at(0us));
    exchanges.asked("2", "tools/call", at(500us));
    exchanges.asked("3", "other", at(0us));
    const auto late = exchanges.give_up("tools/call", at(100us));
    ASSERT_EQ(late.size(), 1U);
    EXPECT_EQ(late[0].id, "1");
    EXPECT_FALSE(exchanges.answered("1", at(1s)));
    EXPECT_TRUE(exchanges.abandoned("1"));
    EXPECT_FALSE(exchanges.abandoned("1")) << "once";
    EXPECT_FALSE(exchanges.abandoned("2"));
    EXPECT_EQ(exchanges.give_up_all().size(), 2U);
    EXPECT_TRUE(exchanges.abandoned("2")) << "as all of them";
    exchanges.asked("3", "tools/call", {});
    exchanges.give_up_all();
    exchanges.server_gone();
    EXPECT_FALSE(exchanges.abandoned("3")) << "another process of the server counts anew";
}

TEST(Exchanges, AreBounded) {
    Exchanges exchanges;
    for (std::size_t i = 0; i < 2 * Exchanges::kMost; ++i)
        exchanges.asked(std::to_string(i), "a", at(0us));
    EXPECT_EQ(exchanges.count(), Exchanges::kMost);
    EXPECT_EQ(exchanges.take_all().size(), Exchanges::kMost);
    EXPECT_EQ(exchanges.count(), 0U);
}

TEST(Exchanges, ForgetWhatAServerThatIsGoneHasAsked) {
    Exchanges exchanges;
    exchanges.server_asked("5");
    exchanges.server_asked("6");
    EXPECT_TRUE(exchanges.server_answered("5"));
    exchanges.server_gone();
    EXPECT_FALSE(exchanges.server_answered("6"));
}

TEST(RateLimit, LetsABurstPassAndThenSoManyASecond) {
    const auto time = [](int ms) { return MonotonicTime(1000s) + std::chrono::milliseconds(ms); };
    RateLimit limit(10);
    int passed = 0;
    for (; limit.may(time(0)); ++passed) limit.passed(time(0));
    EXPECT_EQ(passed, 10);
    EXPECT_EQ(limit.next(time(0)), time(101));
    EXPECT_FALSE(limit.may(time(99)));
    EXPECT_TRUE(limit.may(time(101)));
    for (passed = 0; limit.may(time(100'000)); ++passed) limit.passed(time(100'000));
    EXPECT_EQ(passed, 10) << "no more than a burst is saved up";
    RateLimit none(std::nullopt);
    for (int i = 0; i < 1000; ++i) none.passed(time(0));
    EXPECT_TRUE(none.may(time(0)));
}

TEST(Handshake, SaysTheSameAgainUnderAnotherId) {
    Handshake handshake;
    const std::string line = R"({"params":{"id":1},"id":1,"method":"initialize"})";
    Envelope asks;
    asks.id = std::string_view(line).substr(24, 1);
    asks.method = "initialize";
    handshake.client_said(line, asks);
    EXPECT_FALSE(handshake.initialize_again("9")) << "not agreed yet";
    Envelope answer;
    answer.id = "1";
    answer.has_result = true;
    handshake.server_answered("initialize", R"({"id":1,"result":{"protocolVersion":"2025-06-18"}})",
                              answer);
    EXPECT_EQ(handshake.initialize_again("\"x\""),
              "{\"params\":{\"id\":1},\"id\":\"x\",\"method\":\"initialize\"}\n");
    EXPECT_EQ(handshake.revision(), "2025-06-18");
}

TEST(Handshake, TellsWhetherToolsDiffer) {
    Handshake handshake;
    Envelope answer;
    answer.id = "1";
    answer.has_result = true;
    EXPECT_FALSE(handshake.knows_tools());
    handshake.server_answered("tools/list", R"({"id":1,"result":{"tools":[1]}})", answer);
    EXPECT_TRUE(handshake.knows_tools());
    EXPECT_FALSE(handshake.tools_differ(R"({"result":{"tools":[1]},"id":"other"})"));
    EXPECT_TRUE(handshake.tools_differ(R"({"id":2,"result":{"tools":[1,2]}})"));
    EXPECT_FALSE(handshake.tools_differ(R"({"id":3,"result":{"tools":[1,2]}})"));
}

TEST(Diagnosis, SaysWhatAnEndUsuallyMeans) {
    EXPECT_EQ(how_it_ended(9), "it was ended by signal 9 (SIGKILL)");
    EXPECT_EQ(how_it_ended(3 << 8), "it ended with status 3");
    EXPECT_NE(usual_meaning(1 << 8, "npm ERR! code E404").find("package"), std::string::npos);
    EXPECT_NE(usual_meaning(9, "").find("memory"), std::string::npos);
    EXPECT_EQ(usual_meaning(5 << 8, "what else"), "");
    EXPECT_EQ(last_lines("one\ntwo\nthree\n\n", 8), "three");
    EXPECT_EQ(last_lines(" \n", 8), "");
}

}  // namespace
}  // namespace reaper::guard
