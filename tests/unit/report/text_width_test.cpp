#include "report/text_width.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/humanize.h"

namespace reaper::report {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

TEST(TextWidth, CountsColumnsNotBytes) {
    EXPECT_EQ(display_width(""), 0u);
    EXPECT_EQ(display_width("abc"), 3u);
    EXPECT_EQ(display_width("äöü…"), 4u);
    EXPECT_EQ(display_width("日本"), 4u);
    EXPECT_EQ(display_width("🎉"), 2u);
    EXPECT_EQ(display_width("e\u0301"), 1u);
    EXPECT_EQ(display_width("\xff"), 1u);
}

TEST(TextWidth, ShortensAtACharacter) {
    EXPECT_EQ(shorten("abcdef", 6, "…"), "abcdef");
    EXPECT_EQ(shorten("abcdefg", 6, "…"), "abcde…");
    EXPECT_EQ(shorten("abcdefg", 6, "..."), "abc...");
    EXPECT_EQ(shorten("日本語", 4, "…"), "日…");
    EXPECT_EQ(shorten("abc", 1, "…"), "a");
    EXPECT_EQ(shorten("abc", 0, "…"), "");
}

TEST(TextWidth, PadsByColumns) {
    EXPECT_EQ(pad("日", 4, Align::left), "日  ");
    EXPECT_EQ(pad("日", 4, Align::right), "  日");
    EXPECT_EQ(pad("abcd", 2, Align::left), "abcd");
}

TEST(Wrap, BreaksAtSpacesAndIndents) {
    EXPECT_THAT(wrap("one two three four", 11, 2), ElementsAre("one two", "  three", "  four"));
    EXPECT_THAT(wrap("  one two three", 10, 2), ElementsAre("  one two", "  three"));
    EXPECT_THAT(wrap("one two", 0, 2), ElementsAre("one two"));
    EXPECT_THAT(wrap("", 10), ElementsAre(""));
}

TEST(Wrap, BreaksAWordThatIsWiderThanALine) {
    EXPECT_THAT(wrap("abcdefghij", 4), ElementsAre("abcd", "efgh", "ij"));
    EXPECT_THAT(wrap("x 日本日本", 5), ElementsAre("x", "日本", "日本"));
}

TEST(Wrap, KeepsAFigureAndItsUnitTogether) {
    EXPECT_THAT(wrap("memory is 40 MiB, yes", 12), ElementsAre("memory is", "40 MiB, yes"));
    EXPECT_THAT(wrap("memory is 40 MiB", 12), ElementsAre("memory is", "40 MiB"));
    EXPECT_THAT(wrap("memory in 27 servers", 12), ElementsAre("memory in 27", "servers"));
}

TEST(Humanize, SaysSpansSizesAndRatesShortly) {
    EXPECT_EQ(short_duration(seconds(-5)), "0s");
    EXPECT_EQ(short_duration(seconds(59)), "59s");
    EXPECT_EQ(short_duration(seconds(3599)), "59m");
    EXPECT_EQ(short_duration(seconds(7500)), "2h 05m");
    EXPECT_EQ(short_duration(seconds(3 * 86400 + 4 * 3600)), "3d 4h");
    EXPECT_EQ(human_bytes(Bytes{0}), "0 KiB");
    EXPECT_EQ(human_bytes(Bytes::from_kib(640)), "640 KiB");
    EXPECT_EQ(human_bytes(Bytes::from_kib(1536)), "1.5 MiB");
    EXPECT_EQ(human_bytes(Bytes::from_mib(312)), "312 MiB");
    EXPECT_EQ(human_bytes(Bytes::from_mib(1434)), "1.4 GiB");
    EXPECT_EQ(human_cpu(CpuPercent{0.31}), "0.3%");
    EXPECT_EQ(human_cpu(CpuPercent{98.2}), "98%");
    EXPECT_EQ(human_cpu(CpuPercent{9.96}), "10%");
    EXPECT_EQ(human_cpu(std::nullopt), "-");
}

TEST(Humanize, WritesTimesInUtc) {
    EXPECT_EQ(rfc3339(WallTime(std::chrono::milliseconds(1'790'000'000'007))),
              "2026-09-21T14:13:20.007Z");
    EXPECT_EQ(rfc3339(WallTime(std::chrono::milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace reaper::report
