// What a new process of a server is asked for its client, because it still holds.
#include "guard/standing_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace reaper::guard {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

class Standing : public testing::Test {
  protected:
    void asked(const std::string& line) {
        std::string padded = line;
        padded.reserve(line.size() + kPadding);
        const Envelopes* const read = reader_.read(padded);
        ASSERT_TRUE(read != nullptr) << line;
        for (const Envelope& message : read->all) requests_.client_asks(padded, message);
    }
    void asked(const std::string& method, const json& params) {
        asked(json({{"id", 7}, {"method", method}, {"params", params}}).dump());
    }
    [[nodiscard]] std::vector<json> again() const {
        int ids = 0;
        std::vector<json> messages;
        for (const std::string& line : requests_.again([&] { return std::to_string(++ids); }))
            messages.push_back(json::parse(line));
        return messages;
    }
    [[nodiscard]] std::vector<std::string> params_again() const {
        std::vector<std::string> all;
        for (const json& message : again()) all.push_back(message.at("params").dump());
        return all;
    }

    StandingRequests requests_;
    EnvelopeReader reader_;
};

TEST_F(Standing, IsAskedAgainUnderIdsOfOurs) {
    asked(R"({"method":"logging/setLevel","params":{"level":"debug","id":"x"},"id":"x"})");
    asked(R"({"id":"x","method":"resources/subscribe","params":{"uri":"a:1"}})");
    EXPECT_THAT(again(), ElementsAre(json::parse(R"({"method":"logging/setLevel","id":1,
                                            "params":{"level":"debug","id":"x"}})"),
                                     json::parse(R"({"method":"resources/subscribe","id":2,
                                            "params":{"uri":"a:1"}})")));
}

TEST_F(Standing, IsWhatWasSaidLast) {
    asked("logging/setLevel", {{"level", "debug"}});
    asked("logging/setLevel", {{"level", "error"}});
    asked("resources/subscribe", {{"uri", "a:1"}});
    asked("resources/subscribe", {{"uri", "b:2"}});
    asked("resources/unsubscribe", {{"uri", "a:1"}});
    EXPECT_THAT(params_again(), ElementsAre(R"({"level":"error"})", R"({"uri":"b:2"})"));
}

TEST_F(Standing, AreNoOtherRequests) {
    asked("tools/call", {{"uri", "a:1"}});
    asked("resources/read", {{"uri", "a:1"}});
    asked("resources/subscribe", {{"address", "a:1"}});
    EXPECT_THAT(again(), IsEmpty());
}

TEST_F(Standing, AreBounded) {
    asked("resources/subscribe", {{"uri", std::string(StandingRequests::kLongest, 'x')}});
    EXPECT_THAT(again(), IsEmpty());
    for (std::size_t i = 0; i < StandingRequests::kMost + 5; ++i)
        asked("resources/subscribe", {{"uri", "a:" + std::to_string(i)}});
    EXPECT_EQ(again().size(), StandingRequests::kMost);
}

}  // namespace
}  // namespace reaper::guard
