// Texts that are out to do harm, or that came to: an error with its place, at once, never a crash.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <string>

#include "load_text.h"
#include "policy/yaml_document.h"

using reaper::policy::read_yaml;
using reaper::test::mistakes;
using ::testing::ElementsAre;
using ::testing::SizeIs;
using ::testing::StartsWith;

namespace {

std::string repeated(const std::string& text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) result += text;
    return result;
}

}  // namespace

TEST(Empty, FilesSayThatTheyAre) {
    EXPECT_THAT(mistakes(""), ElementsAre("p.yaml:1:1: the file is empty"));
    EXPECT_THAT(mistakes("\xEF\xBB\xBF"), ElementsAre("p.yaml:1:1: the file is empty"));
    EXPECT_THAT(mistakes(" \n\n"), ElementsAre("p.yaml:1:1: the file is empty"));
    EXPECT_THAT(mistakes("# version: 1\n"), ElementsAre("p.yaml:1:1: the file holds only comments"));
    EXPECT_THAT(mistakes("---\n"), SizeIs(1));
    EXPECT_THAT(
        mistakes("just text\n"),
        ElementsAre("p.yaml:1:1: a policy is a mapping of keys to values, such as 'version: 1'"));
}

TEST(Bytes, ThatAreNotUtf8AreRefusedWithTheirPlace) {
    EXPECT_THAT(mistakes("version: 1\nname: \xFF\n"),
                ElementsAre("p.yaml:2:7: byte 0xFF is not UTF-8; save the file as UTF-8"));
    EXPECT_THAT(mistakes("version: 1\nname: 'ä\xE4'\n"),
                ElementsAre("p.yaml:2:9: byte 0xE4 is not UTF-8; save the file as UTF-8"));
    for (const char* bad :
         {"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8", "\xE2\x82", "\x80"}) {
        EXPECT_THAT(mistakes(std::string("x") + bad), ElementsAre(StartsWith("p.yaml:1:2: byte 0x")))
            << bad;
    }
    EXPECT_THAT(mistakes("\xFF\xFEv\0e\0r\0"),
                ElementsAre("p.yaml:1:1: byte 0xFF is not UTF-8; save the file as UTF-8"));
}

TEST(Bytes, ThatAreControlCharactersAreRefused) {
    EXPECT_THAT(mistakes(std::string("version: 1\nname: \0\n", 19)),
                ElementsAre("p.yaml:2:7: a NUL byte; a policy is plain UTF-8 text"));
    // yaml-cpp takes this one for the end of the file, and all behind it would be lost in silence.
    EXPECT_THAT(mistakes("version: 1\n\x04\nmode: observe\n"),
                ElementsAre("p.yaml:2:1: control character 0x04; a policy is plain UTF-8 text"));
    EXPECT_THAT(mistakes("version: 1 # \x1b[2J\n"),
                ElementsAre(StartsWith("p.yaml:1:14: control character 0x1B")));
}

TEST(Tabs, AsIndentationAreNamed) {
    EXPECT_THAT(mistakes("version: 1\nlimits:\n\tmax_cpu_percent: 3\n"),
                ElementsAre("p.yaml:3:1: a tab is used as indentation; YAML wants spaces"));
    EXPECT_THAT(mistakes("version: 1\nlimits:\n  max_cpu_percent: 3\n  \tmax_memory_mb: 3\n"),
                ElementsAre("p.yaml:4:3: a tab is used as indentation; YAML wants spaces"));
    EXPECT_THAT(mistakes("version: 1\t# a tab here does no harm\n\t\nname:\tx\n"), SizeIs(0));
}

TEST(Syntax, ErrorsSayWhatToDo) {
    EXPECT_THAT(mistakes("version: 1\nservers:\n  - type: x\n    match: @foo/bar\n"),
                ElementsAre("p.yaml:4:12: text cannot begin with '@'; put it in quotes"));
    EXPECT_THAT(
        mistakes("version: 1\nservers:\n  - type: x\n    match: \"\\d+\"\n"),
        ElementsAre(
            "p.yaml:4:15: this escape is not known in double quotes; write patterns in single quotes"));
    EXPECT_THAT(mistakes("version: 1\nservers:\n  - type: x\n    match: [a\n"),
                ElementsAre("p.yaml:5:1: a '[' before this is never closed with ']'"));
    EXPECT_THAT(mistakes("version: 1\nlimits: { max_cpu_percent: 3\n"),
                ElementsAre("p.yaml:3:1: a '{' before this is never closed with '}'"));
    EXPECT_THAT(mistakes("version: 1\nlimits: }\n"),
                ElementsAre("p.yaml:2:9: this bracket closes nothing"));
    EXPECT_THAT(
        mistakes("version: 1\nname: a: b\n"),
        ElementsAre(
            "p.yaml:2:8: a ':' is not expected here; check the indentation, and put text that contains "
            "': ' in quotes"));
    EXPECT_THAT(
        mistakes("version: 1\nlimits:\n  max_cpu_percent: 3\n max_memory_mb: 3\n"),
        ElementsAre("p.yaml:4:2: this line does not fit the lines above; check its indentation"));
}

TEST(Quotes, ThatAreNeverClosedAreNoticed) {
    EXPECT_THAT(mistakes("version: 1\nname: 'abc\nmode: observe\n"),
                ElementsAre("p.yaml:2:7: the quote that opens here is never closed"));
    EXPECT_THAT(mistakes("version: 1\nname: \"abc\\\"\n"),
                ElementsAre("p.yaml:2:7: the quote that opens here is never closed"));
    EXPECT_THAT(mistakes("version: 1\nname: 'it''s'\n"), SizeIs(0));
    EXPECT_THAT(mistakes("version: 1\nname: \"a\\\"b\"\n"), SizeIs(0));
}

TEST(Documents, BeyondTheFirstAreRefused) {
    EXPECT_THAT(mistakes("version: 1\n---\nversion: 1\n"),
                ElementsAre("p.yaml:2:1: a second document begins here; a policy is one"));
    EXPECT_THAT(mistakes("--- # the only one\nversion: 1\n...\n"), SizeIs(0));
}

TEST(Aliases, AreRefused) {
    EXPECT_THAT(
        mistakes("version: 1\nname: &n x\nmode: *n\n"),
        ElementsAre(
            "p.yaml:3:7: aliases (*name) are not allowed in a policy; repeat the value, and put text "
            "that begins with '*' in quotes"));
    EXPECT_THAT(mistakes("version: 1\nmatch: *foo.*\n"), ElementsAre(StartsWith("p.yaml:2:8: ")));
    EXPECT_THAT(
        mistakes("version: 1\nlimits:\n  <<: { max_cpu_percent: 1 }\n"),
        ElementsAre("p.yaml:3:3: merge keys (<<) are not supported in a policy; repeat the values"));
}

TEST(Aliases, BombCostsNothing) {
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string last = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last +
                repeated(", " + last, 9) + "]\n";
    }
    const auto before = std::chrono::steady_clock::now();
    EXPECT_THAT(mistakes(bomb), ElementsAre(StartsWith("p.yaml:2:10: aliases (*name) are not allowed")));
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
}

TEST(Tags, AreRefused) {
    EXPECT_THAT(mistakes("version: !!str 1\n"),
                ElementsAre(StartsWith("p.yaml:1:10: tags are not used in a policy")));
    EXPECT_THAT(mistakes("version: 1\nlimits: !x {}\n"),
                ElementsAre(StartsWith("p.yaml:2:9: tags are not used")));
}

TEST(Nesting, OfAHundredThousandLevelsIsRefused) {
    const int kDeep = 100'000;
    EXPECT_THAT(
        mistakes(repeated("[", kDeep)),
        ElementsAre(StartsWith("p.yaml:1:9: nested more than 16 levels deep; no key of a policy is")));
    for (const char* opener : {"{a: ", "- ", "? ", "[{", "[\n", "{\n", "[[],", "a: {b: [", "- - ",
                               "!!seq [", "&a [", "[? "}) {
        EXPECT_THAT(mistakes(repeated(opener, kDeep)), SizeIs(1)) << opener;
    }
    std::string stairs = "a:\n";
    for (int i = 1; i < 700; ++i) stairs += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
    EXPECT_THAT(mistakes(stairs),
                ElementsAre(StartsWith("p.yaml:17:17: nested more than 16 levels deep")));
}

TEST(Size, OfAMegabyteIsReadInNoTime) {
    constexpr int kMany = 1024 * 1024;
    const auto before = std::chrono::steady_clock::now();
    EXPECT_THAT(mistakes("[" + repeated("[],", kMany / 4)),
                ElementsAre(StartsWith("p.yaml:1:")));  // More than 100,000 values.
    EXPECT_THAT(mistakes("a: '" + std::string(kMany, 'x') + "'\n"), SizeIs(2));
    EXPECT_THAT(mistakes(std::string(kMany, '#')), SizeIs(1));
    EXPECT_THAT(mistakes(std::string(kMany, 'x')), SizeIs(1));
    EXPECT_THAT(mistakes(repeated("a: 1\n", kMany / 10)), SizeIs(1));  // Too many values as well.
    EXPECT_THAT(mistakes(repeated("k: 1\n", 40'000)), SizeIs(101));
    // A machine that is busy with other things is no failure; a quadratic reader takes minutes.
    EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(20));
}

TEST(Keys, ThatAreNoWordsAreRefused) {
    EXPECT_THAT(mistakes("version: 1\n? [a, b]\n: c\n"),
                ElementsAre("p.yaml:2:3: a key must be a word"));
    EXPECT_THAT(mistakes("version: 1\n~: c\n"), ElementsAre("p.yaml:2:1: a key must be a word"));
}

TEST(Mutations, OfARealPolicyNeverCrashTheReader) {
    const std::string real =
        reaper::test::policy_file("strict.yaml") + reaper::test::policy_file("crash-prevention.yaml");
    const std::string alphabet = "\n\n  \t:-[]{}'\"#&*!|>?%@,\\.0aé\x04\xff";
    std::minstd_rand random(1);  // The same mutations at every run.
    for (int round = 0; round < 3000; ++round) {
        const std::size_t start = random() % real.size();
        std::string text = real.substr(start, random() % 400);
        for (int change = 0; change < 1 + static_cast<int>(random() % 8) && !text.empty(); ++change) {
            text[random() % text.size()] = alphabet[random() % alphabet.size()];
        }
        const auto root = read_yaml(text);
        if (!root) {
            EXPECT_GE(root.error().mark.line, 1) << text;
            EXPECT_GE(root.error().mark.column, 1) << text;
            EXPECT_FALSE(root.error().what.empty()) << text;
        } else {
            (void)mistakes(text);
        }
    }
}
