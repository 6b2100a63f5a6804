#include "classify/shell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using reaper::classify::simple_commands;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(SimpleCommands, AreSplitAtOperators) {
    EXPECT_THAT(simple_commands("cd /x && npx -y a; b | c || d\ne"),
                ElementsAre(ElementsAre("cd", "/x"), ElementsAre("npx", "-y", "a"), ElementsAre("b"),
                            ElementsAre("c"), ElementsAre("d"), ElementsAre("e")));
}

TEST(SimpleCommands, LoseKeywordsAndAssignments) {
    EXPECT_THAT(
        simple_commands("while sleep 60; do FOO=1 exec pkill -f x; done"),
        ElementsAre(ElementsAre("sleep", "60"), ElementsAre("pkill", "-f", "x"), ElementsAre("done")));
}

TEST(SimpleCommands, KeepOperatorsInsideQuotes) {
    EXPECT_THAT(simple_commands("supergateway --stdio 'npx a && b' --port 1"),
                ElementsAre(ElementsAre("supergateway", "--stdio", "npx a && b", "--port", "1")));
}

TEST(SimpleCommands, DoNotEndAtARedirection) {
    EXPECT_THAT(simple_commands("node x.js 2>&1"), ElementsAre(ElementsAre("node", "x.js", "2>&1")));
}

TEST(SimpleCommands, OfNothingAreNone) {
    EXPECT_THAT(simple_commands(" ; && "), IsEmpty());
}

TEST(SimpleCommands, AreBounded) {
    std::string many;
    for (int i = 0; i < 10000; ++i) many += "a;";
    EXPECT_LE(simple_commands(many).size(), 64U);
}
