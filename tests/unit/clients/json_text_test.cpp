#include "clients/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace reaper::clients {
namespace {

std::string mistake(const std::string& text) {
    const auto json = JsonText::read(text);
    return json ? "none" : json.error().message();
}

TEST(JsonText, ReadsCommentsTrailingCommasAndAByteOrderMark) {
    const auto json = JsonText::read(
        "\xEF\xBB\xBF// first\r\n{ /* a */ \"a\": [1, 2,], // b\n \"b\": {\"c\": null,} }\n/* end */");
    ASSERT_TRUE(json) << json.error().message();
    const auto members = json->members(json->root());
    ASSERT_EQ(members.size(), 2U);
    EXPECT_EQ(json->text(members[0].key), "\"a\"");
    const auto elements = json->elements(members[0].value);
    ASSERT_EQ(elements.size(), 2U);
    EXPECT_EQ(json->text(elements[1].span), "2");
    EXPECT_EQ(json->text(members[1].value.span), "{\"c\": null,}");
    EXPECT_EQ(json->members(members[0].value).size(), 0U) << "an array has no members";
}

TEST(JsonText, NamesLineAndColumnOfWhatIsWrong) {
    EXPECT_EQ(mistake(""), "1:1: there is nothing in it");
    EXPECT_EQ(mistake("  // nothing\n"), "2:1: there is nothing in it");
    EXPECT_EQ(mistake("{\n  \"a\": 1\n  \"b\": 2\n}"), "3:3: a comma or '}' is missing");
    EXPECT_EQ(mistake("{\r\n\"a\" 1}"), "2:5: a ':' is missing");
    EXPECT_EQ(mistake("{\"ä\": x}"), "1:7: a value is expected") << "columns are characters";
    EXPECT_EQ(mistake("\xEF\xBB\xBF{x"), "1:2: a name in double quotes is expected");
    EXPECT_EQ(mistake("[1] 2"), "1:5: something follows the end");
    EXPECT_EQ(mistake("[01]"), "1:3: a number does not begin with 0");
    EXPECT_EQ(mistake("[1.]"), "1:4: a digit is missing");
    EXPECT_EQ(mistake("[\"\\x\"]"), "1:3: there is no such escape");
    EXPECT_EQ(mistake("[\"\\u12\"]"), "1:3: \\u wants four hexadecimal digits");
    EXPECT_EQ(mistake("[\"a\nb\"]"),
              "1:4: a control character stands in a string; or its closing quote is missing");
    EXPECT_EQ(mistake("[\"a"), "1:4: a string has no end");
    EXPECT_EQ(mistake("/* x"), "1:1: this comment has no end");
    EXPECT_EQ(mistake("{\"a\": 1"), "1:8: a comma or '}' is missing");
    EXPECT_EQ(mistake("{"), "1:2: a '}' is missing");
    EXPECT_EQ(mistake("[,]"), "1:2: a value is expected");
    EXPECT_EQ(mistake("['a']"), "1:2: a value is expected");
    EXPECT_EQ(mistake("[\"\xFF\"]"), "1:3: this is not UTF-8");
    EXPECT_EQ(mistake(std::string(300, '[')), "1:257: it is nested too deeply");
}

TEST(JsonText, DecodesWhatAStringSays) {
    const auto json =
        JsonText::read(R"(["a\"\\\/\b\f\n\r\t", "\u00e4\uD83D\uDE00", "\ud83d!", "\uDE00"])");
    ASSERT_TRUE(json);
    const auto strings = json->elements(json->root());
    EXPECT_EQ(json->decoded(strings[0].span), "a\"\\/\b\f\n\r\t");
    EXPECT_EQ(json->decoded(strings[1].span), "ä😀");
    EXPECT_EQ(json->decoded(strings[2].span), "\uFFFD!");
    EXPECT_EQ(json->decoded(strings[3].span), "\uFFFD");
    EXPECT_FALSE(nlohmann::json::parse(json->strict(), nullptr, false).is_discarded());
}

/// A document that another reader takes or not: made of the pieces that readers stumble over.
std::string random_text(std::mt19937& random) {
    static const std::vector<std::string> kPieces = {
        "{",       "}",      "[",       "]",    ",",  ":",    "\"a\"",   "\"\\u00e4\"", "\"\\ud83d\"",
        "1",       "-0",     "1.5e3",   "e999", "01", "true", "nul",     "null",        " ",
        "\n",      "// c\n", "/* c */", "/*",   "\"", "\\",   "\"\\q\"", "\xC3\xA4",    "\xFF",
        "{\"a\":", "[1,",    "]}",      "\t",   "-",  "1e",   "\"k\":1", "\r\n"};
    std::string text;
    for (auto count = random() % 12 + 1; count > 0; --count) text += kPieces[random() % kPieces.size()];
    return text;
}

TEST(JsonText, TakesWhatAnotherReaderTakes) {
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    unsigned taken = 0;
    for (int round = 0; round < 15'000; ++round) {
        const std::string text = random_text(random);
        const auto json = JsonText::read(text);
        taken += json ? 1 : 0;
        // Where ours takes it the other must, once trailing commas are gone. The other way round too.
        const std::string strict = json ? json->strict() : text;
        const bool other = nlohmann::json::accept(strict, true);
        ASSERT_EQ(json.has_value(), other) << text << "\n" << (json ? "" : json.error().message());
    }
    EXPECT_GT(taken, 100U);
}

}  // namespace
}  // namespace reaper::clients
