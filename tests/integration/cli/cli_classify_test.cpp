// `classify`: one answer a line, whatever the line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/policies.h"
#include "cli/program.h"

namespace reaper::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

std::vector<json> answers(const Outcome& outcome) {
    std::vector<json> all;
    for (const std::string& line : lines(outcome.out)) all.push_back(json::parse(line));
    return all;
}

class Classify : public testing::Test {
  protected:
    std::vector<json> classify(const std::string& input) {
        const Outcome outcome = run({"classify", "--policy", policy_}, input);
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        EXPECT_EQ(outcome.err, "");
        return answers(outcome);
    }
    TemporaryDirectory directory_;
    std::string policy_ = directory_.with("policy.yaml", policy_text(30));
};

TEST_F(Classify, AnswersTextAndBothFormsOfJsonInOrder) {
    const auto found = classify(
        "npx -y @playwright/mcp@latest\n"
        "{\"cmdline\": \"npx -y @playwright/mcp@latest\"}\n"
        "{\"argv\": [\"npx\", \"-y\", \"@playwright/mcp@latest\"]}\n"
        "vim notes.txt\n");
    ASSERT_EQ(found.size(), 4U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(found[i]["cmdline"], "npx -y @playwright/mcp@latest");
        EXPECT_EQ(found[i]["type"], "playwright");
        EXPECT_THAT(found[i]["rule"].get<std::string>(), HasSubstr("playwright.*mcp"));
        EXPECT_THAT(found[i]["program"].get<std::string>(), HasSubstr("@playwright/mcp"));
        EXPECT_NE(found[i]["role"], "none");
    }
    EXPECT_EQ(found[3]["role"], "none");
    EXPECT_TRUE(found[3]["type"].is_null());
}

TEST_F(Classify, AnswersHaveTheDocumentedKeysInOrder) {
    const Outcome outcome = run({"classify", "--policy", policy_}, "ls\n");
    const auto answer = nlohmann::ordered_json::parse(outcome.out);
    std::vector<std::string> keys;
    for (const auto& item : answer.items()) keys.push_back(item.key());
    EXPECT_THAT(keys, testing::ElementsAre("cmdline", "role", "type", "rule", "program"));
}

TEST_F(Classify, EmptyLinesAndAMissingLastNewlineAreLines) {
    const auto found = classify("\n\r\nls");
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0]["cmdline"], "");
    EXPECT_EQ(found[1]["cmdline"], "");
    EXPECT_EQ(found[2]["cmdline"], "ls");
    EXPECT_TRUE(classify("").empty());
}

TEST_F(Classify, BrokenJsonIsText) {
    const std::vector<std::string> texts = {"{not json", "{\"cmdline\": 5}",    "{\"argv\": [1]}",
                                            "{}",        "{\"cmdline\": \"npx", "{\"argv\": {}}"};
    std::string input;
    for (const std::string& text : texts) input += text + '\n';
    const auto found = classify(input);
    ASSERT_EQ(found.size(), texts.size());
    for (const json& answer : found) EXPECT_EQ(answer["role"], "none") << answer;
}

TEST_F(Classify, InvalidUtf8AndControlBytesGiveValidJson) {
    const std::string hostile =
        "node \xff\xfe \x1b[2J \x07 \xc2\x9b"
        "31m\n{\"cmdline\": \"\xff\"}\n";
    const Outcome outcome = run({"classify", "--policy", policy_}, hostile);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(answers(outcome).size(), 2U);
    for (const char byte : outcome.out) {
        const auto value = static_cast<unsigned char>(byte);
        EXPECT_TRUE(byte == '\n' || (value >= 0x20 && value < 0x7f)) << static_cast<int>(value);
    }
}

TEST_F(Classify, NulsAreArgumentBorders) {
    using namespace std::string_literals;
    const auto found = classify("npx\0-y\0@playwright/mcp@latest\0\0\0\n"s +
                                "{\"cmdline\": \"npx\\u0000@playwright/mcp\"}\n");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0]["type"], "playwright");
    EXPECT_EQ(found[0]["cmdline"], "npx -y @playwright/mcp@latest");
    EXPECT_EQ(found[1]["type"], "playwright");
}

TEST_F(Classify, TenMegabyteLineIsCutAndTheNextOneAnswered) {
    const auto found =
        classify("npx -y @playwright/mcp " + std::string(10'000'000, 'x') + "\nnpx @playwright/mcp\n");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0]["type"], "playwright");
    EXPECT_LE(found[0]["cmdline"].get<std::string>().size(), 64U * 1024);
    EXPECT_EQ(found[1]["type"], "playwright");
}

TEST_F(Classify, DeeplyNestedJsonIsNoCrash) {
    const auto found =
        classify("{\"argv\": " + std::string(400'000, '[') + "\n{\"a\":" + std::string(100'000, '[') +
                 std::string(100'000, ']') + "}\n");
    EXPECT_EQ(found.size(), 2U);
}

TEST_F(Classify, SecretsAreNeverRepeated) {
    const Outcome outcome =
        run({"classify", "--policy", policy_},
            "npx -y @playwright/mcp --api-key=verysecret123456\n"
            "{\"argv\": [\"npx\", \"-y\", \"@playwright/mcp\", \"--token\", \"verysecret123456\"]}\n");
    EXPECT_EQ(answers(outcome).size(), 2U);
    EXPECT_THAT(outcome.out, Not(HasSubstr("verysecret123456")));
}

TEST_F(Classify, AnswersBeforeTheInputEnds) {
    Running program({"classify", "--policy", policy_});
    for (int i = 0; i < 3; ++i) {
        program.write("npx -y @playwright/mcp\n");
        EXPECT_EQ(json::parse(program.read_line())["type"], "playwright");
    }
    program.close_input();
    EXPECT_EQ(program.wait().code, 0);
}

TEST_F(Classify, ManyLinesKeepTheirOrder) {
    std::string input;
    for (int i = 0; i < 20'000; ++i) input += "program-" + std::to_string(i) + '\n';
    const auto found = classify(input);
    ASSERT_EQ(found.size(), 20'000U);
    for (std::size_t i = 0; i < found.size(); ++i) {
        ASSERT_EQ(found[i]["cmdline"], "program-" + std::to_string(i));
    }
}

}  // namespace
}  // namespace reaper::cli_test
