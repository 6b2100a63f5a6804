// What a daemon says it has done is told as if it had been done here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/outcome_report.h"
#include "report/text_writer.h"

namespace reaper::report {
namespace {

using testing::HasSubstr;

Done some(enforce::Deed deed, enforce::Effect effect) {
    Done done;
    done.order.server.id = {4711, Ticks(79231)};
    done.order.server.type = "playwright";
    done.order.deed = deed;
    done.outcome.effect = effect;
    done.outcome.why = "it heeded nothing";
    done.outcome.remedy = "a reboot";
    done.outcome.ended = {{4711, Ticks(79231)}, {4712, Ticks(79232)}};
    done.outcome.left = {{4713, Ticks(79233)}};
    done.outcome.freed = Bytes::from_mib(287);
    done.outcome.took = std::chrono::microseconds(1'234'567);
    return done;
}

std::string told(const std::vector<Done>& done) {
    TextWriter out(TableOptions{80, true, true});
    for (const Done& one : done) tell_outcome(one, out);
    tell_outcomes(done, out);
    return out.take();
}

TEST(OutcomeJson, IsToldAlikeOnBothSides) {
    std::vector<Done> done;
    for (std::size_t effect = 0; effect < enforce::kEffects; ++effect)
        done.push_back(some(enforce::Deed::terminate, static_cast<enforce::Effect>(effect)));
    done.push_back(some(enforce::Deed::release, enforce::Effect::released));
    done.back().outcome.why.clear();
    done.back().outcome.remedy.clear();
    const auto read = outcomes_from_json(outcomes_to_json(done));
    ASSERT_TRUE(read) << read.error().message();
    EXPECT_EQ(told(*read), told(done));
    EXPECT_EQ(outcomes_to_json(*read), outcomes_to_json(done));
    EXPECT_EQ(read->back().order.deed, enforce::Deed::release);
}

TEST(OutcomeJson, NothingDoneIsAListOfNothing) {
    const auto read = outcomes_from_json(outcomes_to_json({}));
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->empty());
}

TEST(OutcomeJson, WhatIsNoneIsAnError) {
    for (const char* const text :
         {"", "{", "[]", "{}", R"({"outcomes":{}})", R"({"outcomes":[1]})", R"({"outcomes":[{}]})",
          R"({"outcomes":[{"server":"x","action":"terminate","effect":"ended"}]})",
          R"({"outcomes":[{"server":"1@2","action":"murder","effect":"ended"}]})",
          R"({"outcomes":[{"server":"1@2","action":"terminate","effect":"odd"}]})",
          R"({"outcomes":[{"server":"1@2","action":"terminate","effect":"ended","left":["x"]}]})"}) {
        EXPECT_FALSE(outcomes_from_json(text)) << text;
    }
}

}  // namespace
}  // namespace reaper::report
