#include "classify/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace reaper::classify;
using testing::ElementsAre;
using testing::IsEmpty;
using namespace std::string_literals;

TEST(CommandLine, SplitsProcBytesAtNul) {
    const CommandLine line = CommandLine::from_proc("node\0/x/a b.js\0--flag\0"s);
    EXPECT_THAT(line.tokens(), ElementsAre("node", "/x/a b.js", "--flag"));
}

TEST(CommandLine, ReadsNpmsPaddedTitleAsText) {
    const CommandLine line = CommandLine::from_proc("npm exec @scope/pkg /tmp\0\0\0\0\0\0"s);
    EXPECT_THAT(line.tokens(), ElementsAre("npm", "exec", "@scope/pkg", "/tmp"));
}

TEST(CommandLine, KeepsEmptyArguments) {
    EXPECT_THAT(CommandLine::from_proc("a\0\0b\0"s).tokens(), ElementsAre("a", "", "b"));
}

TEST(CommandLine, OfAZombieIsEmpty) {
    EXPECT_TRUE(CommandLine::from_proc("").empty());
    EXPECT_TRUE(CommandLine::from_proc("\0\0\0"s).empty());
}

TEST(CommandLine, IsCutWhereItsProgramCannotBeAnyMore) {
    std::string huge = "node\0"s + std::string(2 * 1024 * 1024, 'x');
    const CommandLine line = CommandLine::from_proc(huge);
    EXPECT_LE(line.text().size(), kMaxCommandLineBytes);
}

TEST(SplitWords, HonoursQuotesThatPair) {
    EXPECT_THAT(split_words(R"(sh -c 'npx -y "a b"' --x="y z")"),
                ElementsAre("sh", "-c", "npx -y \"a b\"", "--x=y z"));
}

TEST(SplitWords, TakesAnUnpairedQuoteForACharacter) {
    EXPECT_THAT(split_words("echo don't 'open"), ElementsAre("echo", "don't", "'open"));
}

TEST(SplitWords, OfNothingIsNothing) {
    EXPECT_THAT(split_words(""), IsEmpty());
    EXPECT_THAT(split_words(" \t\n "), IsEmpty());
}

TEST(SplitWords, IsLinearInHostileQuotes) {
    // Quadratic search for a closing quote would take minutes here.
    std::string hostile;
    for (int i = 0; i < 200000; ++i) hostile += i % 2 == 0 ? " '" : " \"";
    EXPECT_FALSE(split_words(hostile).empty());
}
