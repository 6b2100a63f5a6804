// What is shown before a configuration is changed: the change, and no secret.
#include "clients/shown_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reaper::clients {
namespace {

using testing::HasSubstr;
using testing::Not;

const report::TableOptions kPlain{80, false, true};

TEST(ShownDiff, IsUnified) {
    EXPECT_EQ(shown_diff("f", "1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nx\n6\n", kPlain),
              "--- f\n+++ f\n@@ -2,5 +2,5 @@\n 2\n 3\n 4\n-5\n+x\n 6\n");
    EXPECT_EQ(shown_diff("f", "", "a\n", kPlain), "--- f\n+++ f\n@@ -0,0 +1 @@\n+a\n");
    EXPECT_EQ(shown_diff("f", "a\n", "a\n", kPlain), "");
}

TEST(ShownDiff, HasAHunkForWhatIsFarApart) {
    std::string before;
    for (int line = 0; line < 20; ++line) before += std::to_string(line) + '\n';
    std::string after = before;
    after.replace(after.find("\n2\n"), 3, "\nx\n").replace(after.find("\n17\n"), 4, "\ny\n");
    const std::string shown = shown_diff("f", before, after, kPlain);
    EXPECT_THAT(shown, HasSubstr("@@ -1,6 +1,6 @@"));
    EXPECT_THAT(shown, HasSubstr("@@ -15,6 +15,6 @@"));
    EXPECT_THAT(shown, Not(HasSubstr(" 10\n")));
}

TEST(ShownDiff, HasNoSecrets) {
    const std::string text = R"({"mcpServers": {"a": {
  "command": "npx",
  "args": ["x", "--api-key", "hunter2", "--token=hunter3"],
  "env": {"PLAIN": "hunter4", "TOKEN": "hunter5", "NAMED": "${NAMED}"},
  "headers": {"X-Any": "hunter6", "Authorization": "Bearer ${TOKEN}"},
  "password": "hunter7",
  "note": "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
}}})";
    const std::string shown =
        shown_diff("f", "{\n}", text, kPlain) + shown_diff("f", text, "{\n}", kPlain);
    EXPECT_THAT(shown, Not(HasSubstr("hunter")));
    EXPECT_THAT(shown, Not(HasSubstr("ghp_")));
    EXPECT_THAT(shown, HasSubstr("\"NAMED\": \"${NAMED}\""));
    EXPECT_THAT(shown, HasSubstr("\"--api-key\", \"***\""));
}

TEST(ShownDiff, IsHarmlessToATerminal) {
    const std::string shown =
        shown_diff("f\x1b[2J", "{\"a\": 1}", "{\t\"a\": \"\x1b[31m\"}\r\n", kPlain);
    EXPECT_THAT(shown, Not(HasSubstr("\x1b")));
    EXPECT_THAT(shown, Not(HasSubstr("\r")));
    EXPECT_THAT(shown, HasSubstr("+{\t\"a\"")) << "a tab is what it is";
    EXPECT_THAT(shown_diff("f", "a", "b", {80, true, true}), HasSubstr("\x1b[32m+b"));
}

TEST(ShownDiff, CutsALongLineToWhatChanges) {
    std::string much;
    for (int i = 0; i < 10'000; ++i) much += "word, ";
    const std::string front = "{\"x\": \"" + much + "\", ";
    const std::string back = ", \"y\": \"" + much + "\"}";
    const std::string shown = shown_diff("f", front + "\"command\": \"npx\"" + back,
                                         front + "\"command\": \"mcp-reaper\"" + back, kPlain);
    EXPECT_LT(shown.size(), 5'000U);
    EXPECT_THAT(shown, HasSubstr("\"command\": \"npx\""));
    EXPECT_THAT(shown, HasSubstr("\"command\": \"mcp-reaper\""));
}

}  // namespace
}  // namespace reaper::clients
