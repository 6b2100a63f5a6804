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
    /// The id.
    std::string asked(const std::string& method, const json& params) {
        asked(json({{"id", ++ids_}, {"method", method}, {"params", params}}).dump());
        return std::to_string(ids_);
    }
    void granted(const std::string& method, const json& params) {
        requests_.server_answers(asked(method, params), true);
    }
    void refused(const std::string& method, const json& params) {
        requests_.server_answers(asked(method, params), false);
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
    int ids_ = 0;
};

TEST_F(Standing, IsAskedAgainUnderIdsOfOurs) {
    asked(R"({"method":"logging/setLevel","params":{"level":"debug","id":"x"},"id":"x"})");
    asked(R"({"id":"\u0079","method":"resources/subscribe","params":{"uri":"a:1"}})");
    EXPECT_THAT(again(), IsEmpty()) << "not granted yet";
    requests_.server_answers("\"x\"", true);
    requests_.server_answers("\"y\"", true);
    EXPECT_THAT(again(), ElementsAre(json::parse(R"({"method":"logging/setLevel","id":1,
                                            "params":{"level":"debug","id":"x"}})"),
                                     json::parse(R"({"method":"resources/subscribe","id":2,
                                            "params":{"uri":"a:1"}})")));
}

TEST_F(Standing, IsWhatWasGrantedLast) {
    granted("logging/setLevel", {{"level", "debug"}});
    granted("logging/setLevel", {{"level", "error"}});
    granted("resources/subscribe", {{"uri", "a:1"}});
    granted("resources/subscribe", {{"uri", "b:2"}});
    granted("resources/unsubscribe", {{"uri", "a:1"}});
    EXPECT_THAT(params_again(), ElementsAre(R"({"level":"error"})", R"({"uri":"b:2"})"));
}

TEST_F(Standing, IsNothingThatWasRefused) {
    granted("logging/setLevel", {{"level", "error"}});
    granted("resources/subscribe", {{"uri", "a:1"}});
    refused("logging/setLevel", {{"level", "verbose"}});
    refused("resources/subscribe", {{"uri", "b:2"}});
    refused("resources/unsubscribe", {{"uri", "a:1"}});
    EXPECT_THAT(params_again(), ElementsAre(R"({"level":"error"})", R"({"uri":"a:1"})"));
}

TEST_F(Standing, IsNothingThatWasUnderWayWhenTheServerEnded) {
    const std::string id = asked("resources/subscribe", {{"uri", "a:1"}});
    requests_.forget_unanswered();
    requests_.server_answers(id, true);
    EXPECT_THAT(again(), IsEmpty());
}

TEST_F(Standing, AreNoOtherRequests) {
    granted("tools/call", {{"uri", "a:1"}});
    granted("resources/read", {{"uri", "a:1"}});
    granted("resources/subscribe", {{"address", "a:1"}});
    EXPECT_THAT(again(), IsEmpty());
}

TEST_F(Standing, IsNoSubscriptionAfterABatchThatEndsOne) {
    granted("logging/setLevel", {{"level", "error"}});
    granted("resources/subscribe", {{"uri", "a:1"}});
    asked(R"([{"id":7,"method":"resources/unsubscribe","params":{"uri":"a:1"}}])");
    EXPECT_THAT(params_again(), ElementsAre(R"({"level":"error"})"));
}

TEST_F(Standing, AreBounded) {
    granted("resources/subscribe", {{"uri", std::string(StandingRequests::kMostBytes, 'x')}});
    EXPECT_THAT(again(), IsEmpty());
    std::size_t bytes = 0;
    for (int i = 0; i < 5'000; ++i)
        granted("resources/subscribe", {{"uri", std::to_string(i) + std::string(100, 'x')}});
    for (const json& message : again()) bytes += message.dump().size();
    EXPECT_GT(bytes, StandingRequests::kMostBytes / 4);
    EXPECT_LT(bytes, StandingRequests::kMostBytes);
    for (int i = 0; i < 5'000; ++i)
        granted("resources/unsubscribe", {{"uri", std::to_string(i) + std::string(100, 'x')}});
    granted("resources/subscribe", {{"uri", "a:1"}});
    EXPECT_THAT(params_again(), ElementsAre(R"({"uri":"a:1"})")) << "there is room again";
}

}  // namespace
}  // namespace reaper::guard
