#include "daemon/control_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reaper::daemon {
namespace {

using enforce::Deed;
using testing::HasSubstr;

std::string wrong_with(const std::string& body) {
    const auto request = action_from_json(body);
    return request ? "nothing" : request.error().error + " / " + request.error().remedy;
}

TEST(ActionRequest, ReadsWhatItWrites) {
    ActionRequest request;
    request.deed = Deed::throttle;
    request.servers = {{4711, ProcessId{4711, Ticks(79231)}}, {4899, {}}};
    request.limits = {CpuPercent{20}, 10, Bytes::from_mib(500), 100};
    request.even_in_use = true;
    EXPECT_EQ(action_from_json(to_json(request)), request);
    ActionRequest rule{Deed::terminate, {{4711, {}}}, false, {}, false, {policy::Rule::orphan}};
    EXPECT_EQ(action_from_json(to_json(rule)), rule);
    ActionRequest all{Deed::release, {}, true, {}, false, {}};
    EXPECT_EQ(action_from_json(to_json(all)), all);
}

TEST(ActionRequest, SaysWhatIsWrong) {
    EXPECT_THAT(wrong_with(""), HasSubstr("deed is missing / one of throttle, freeze"));
    EXPECT_THAT(wrong_with("{"), HasSubstr("it is not JSON"));
    EXPECT_THAT(wrong_with("[]"), HasSubstr("not a JSON object"));
    EXPECT_THAT(wrong_with(std::string(100, '[')), HasSubstr("nested too deeply"));
    EXPECT_THAT(wrong_with(R"({"deed":"murder"})"), HasSubstr("deed is no word that is known"));
    EXPECT_THAT(wrong_with(R"({"deed":7})"), HasSubstr("deed is no word that is known"));
    EXPECT_THAT(wrong_with(R"({"deed":"terminate","sevrers":[]})"),
                HasSubstr("unknown key 'sevrers' / known are deed servers"));
    EXPECT_THAT(wrong_with(R"({"deed":"terminate"})"), HasSubstr("no servers are named"));
    EXPECT_THAT(wrong_with(R"({"deed":"terminate","servers":"4711"})"), HasSubstr("is not a list"));
    EXPECT_THAT(wrong_with(R"({"deed":"terminate","servers":[4711]})"), HasSubstr("not a text"));
    for (const char* const id : {"0", "-1", "x", "4711@", "@1", "4711@-1", "1.5", "99999999999"}) {
        EXPECT_THAT(wrong_with(R"({"deed":"terminate","servers":[")" + std::string(id) + "\"]}"),
                    HasSubstr("neither a pid nor an id"))
            << id;
    }
    EXPECT_THAT(wrong_with(R"({"deed":"terminate","servers":["1"],"even_in_use":1})"),
                HasSubstr("even_in_use is neither true nor false"));
    EXPECT_THAT(wrong_with(R"({"deed":"terminate","servers":["1"],"rules":["nonsense"]})"),
                HasSubstr("\"nonsense\" is no rule"));
    EXPECT_THAT(
        wrong_with(R"({"deed":"terminate","servers":["1"],"rules":["orphan"],"even_in_use":true})"),
        HasSubstr("even_in_use is for what is done by hand"));
    EXPECT_THAT(wrong_with(R"({"deed":"freeze","servers":["1"],"limits":{"cpu_percent":20}})"),
                HasSubstr("limits are for throttle only"));
    EXPECT_THAT(wrong_with(R"({"deed":"throttle","servers":["1"]})"),
                HasSubstr("throttle without limits"));
    EXPECT_THAT(wrong_with(R"({"deed":"terminate","all":true})"), HasSubstr("all is for release only"));
    EXPECT_THAT(wrong_with(R"({"deed":"release","all":true,"servers":["1"]})"),
                HasSubstr("do not go together"));
}

TEST(ActionRequest, LimitsAreInRange) {
    const auto with = [](const std::string& limits) {
        return wrong_with(R"({"deed":"throttle","servers":["1"],"limits":{)" + limits + "}}");
    };
    EXPECT_EQ(with(R"("cpu_percent":0.5)").substr(0, 14), "cpu_percent is");
    EXPECT_THAT(with(R"("cpu_percent":1e300)"), HasSubstr("no percentage"));
    EXPECT_THAT(with(R"("cpu_percent":"20")"), HasSubstr("no percentage"));
    EXPECT_THAT(with(R"("cpu_weight":0)"), HasSubstr("from 1 to 10000"));
    EXPECT_THAT(with(R"("cpu_weight":-5)"), HasSubstr("from 1 to 10000"));
    EXPECT_THAT(with(R"("memory_max_bytes":1)"), HasSubstr("memory_max_bytes"));
    EXPECT_THAT(with(R"("pids_max":1.5)"), HasSubstr("pids_max"));
    EXPECT_THAT(with(R"("memory":1)"), HasSubstr("unknown key 'memory'"));
    EXPECT_EQ(with(R"("cpu_percent":null,"cpu_weight":10)"), "nothing");
}

TEST(ActionRequest, IsNotEndless) {
    std::string body = R"({"deed":"terminate","servers":["1")";
    for (std::size_t i = 0; i < kMostServersInARequest; ++i) body += ",\"1\"";
    EXPECT_THAT(wrong_with(body + "]}"), HasSubstr("names more than 10000"));
}

TEST(PauseRequest, SecondsOrNothing) {
    EXPECT_EQ(pause_from_json("").value(), std::nullopt);
    EXPECT_EQ(pause_from_json("{}").value(), std::nullopt);
    EXPECT_EQ(pause_from_json(R"({"seconds":3600})").value(), std::chrono::seconds(3600));
    for (const char* const bad : {R"({"seconds":0})", R"({"seconds":-1})", R"({"seconds":604801})",
                                  R"({"seconds":"1h"})", R"({"minutes":1})", "3600"}) {
        EXPECT_FALSE(pause_from_json(bad)) << bad;
    }
}

TEST(Refusal, ReadsWhatItWrites) {
    const Refusal refusal{403, "no \"way\"\x1b[2J", "ask", {}, {}};
    const Refusal read = refusal_from_json(403, to_json(refusal));
    EXPECT_EQ(read.error, "no \"way\"\\x1b[2J");
    EXPECT_EQ(read.remedy, "ask");
    EXPECT_EQ(refusal_from_json(500, "oh\x1b").error, "oh\\x1b");
}

}  // namespace
}  // namespace reaper::daemon
