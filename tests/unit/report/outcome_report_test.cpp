#include "report/outcome_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/snapshot_builder.h"

namespace reaper::report {
namespace {

using enforce::Effect;
using ::testing::HasSubstr;
using ::testing::Not;

Done done(Effect effect, pid_t pid = 4711) {
    Done made;
    made.order.server =
        support::snapshot().with(support::server(pid).type("puppeteer")).build().servers[0];
    made.outcome.effect = effect;
    return made;
}

std::string told(const Done& one, std::size_t width = 80, bool colour = false) {
    TextWriter out(TableOptions{width, colour, true});
    tell_outcome(one, out);
    return out.take();
}

TEST(OutcomeReport, SaysWhatEndingAServerGaveBack) {
    Done one = done(Effect::ended);
    one.outcome.ended = {{1, Ticks(1)}, {2, Ticks(1)}};
    one.outcome.freed = Bytes::from_mib(287);
    one.outcome.took = std::chrono::milliseconds(41);
    EXPECT_EQ(told(one), "  ended      puppeteer 4711: 2 processes, 287 MiB, 41 ms\n");
}

TEST(OutcomeReport, SaysWhyNotAndWhatWouldHelp) {
    Done one = done(Effect::refused);
    one.outcome.why = "it is in use: its client is connected";
    one.outcome.remedy = "add --even-in-use";
    EXPECT_EQ(told(one),
              "  refused    puppeteer 4711\n"
              "      it is in use: its client is connected\n"
              "      what helps: add --even-in-use\n");
}

TEST(OutcomeReport, NamesWhatIsStillThereButNotWithoutEnd) {
    Done one = done(Effect::unkillable);
    for (pid_t pid = 1; pid <= 12; ++pid) one.outcome.left.push_back({pid, Ticks(1)});
    EXPECT_THAT(told(one), HasSubstr("still there: 1 2 3 4 5 6 7 8 9 10 and 2 more"));
}

TEST(OutcomeReport, LetsNothingThroughThatATerminalWouldObey) {
    Done one = done(Effect::failed);
    one.outcome.why = "process \x1b[2Jx";
    EXPECT_THAT(told(one), Not(HasSubstr("\x1b")));
}

TEST(OutcomeReport, KeepsToANarrowTerminal) {
    Done one = done(Effect::ended);
    one.outcome.ended = {{1, Ticks(1)}};
    const std::string text = told(one, 30, true);
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = text.find('\n', begin);
        EXPECT_LE(end - begin, 30u) << text;
        begin = end + 1;
    }
}

TEST(OutcomeReport, AddsUpWhatWasEndedAndCountsTheRest) {
    Done ended = done(Effect::ended);
    ended.outcome.ended = {{1, Ticks(1)}, {2, Ticks(1)}};
    ended.outcome.freed = Bytes::from_mib(100);
    Done killed = done(Effect::killed, 4712);
    killed.outcome.ended = {{3, Ticks(1)}};
    killed.outcome.freed = Bytes::from_mib(50);
    TextWriter out(TableOptions{80, false, true});
    tell_outcomes({ended, killed, done(Effect::deferred), done(Effect::deferred)}, out);
    EXPECT_EQ(out.take(), "2 servers ended: 3 processes, 150 MiB given back. 2 deferred.\n");
}

}  // namespace
}  // namespace reaper::report
