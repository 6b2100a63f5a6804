// ${NAME} in a policy.
#include "policy/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "load_text.h"

using namespace reaper;
using namespace reaper::policy;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

namespace {

Environment of(std::map<std::string, std::string> variables) {
    return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
    };
}

Policy load_with(std::string_view text, std::map<std::string, std::string> variables) {
    const LoadResult loaded = parse_policy(text, test::kFile, of(std::move(variables)));
    if (!loaded) {
        ADD_FAILURE() << loaded.error().front().message();
        return {};
    }
    return loaded->policy;
}

std::vector<std::string> mistakes_with(std::string_view text,
                                       std::map<std::string, std::string> variables) {
    std::vector<std::string> messages;
    const LoadResult loaded = parse_policy(text, test::kFile, of(std::move(variables)));
    if (loaded) return messages;
    for (const PolicyError& error : loaded.error()) messages.push_back(error.message());
    return messages;
}

}  // namespace

TEST(Environment, StandsWhereverAValueDoes) {
    const Policy policy = load_with(R"(
version: 1
name: for ${WHO} and ${WHO}
mode: ${MODE}
daemon: { cleanup_interval: "${EVERY}" }
limits:
  max_memory_mb: ${MEMORY}
  max_instances_per_type: ${COUNT}
rules:
  orphan: { enabled: '${ON}', action: [report, 'terminate after ${LATER}'] }
servers:
  - { type: '${WHO}', match: '^${WHO}$' }
exempt:
  - user: ${UID}
)",
                                    {{"WHO", "alice"},
                                     {"MODE", "observe"},
                                     {"EVERY", "7"},
                                     {"MEMORY", "2GB"},
                                     {"COUNT", "3"},
                                     {"ON", "false"},
                                     {"LATER", "5m"},
                                     {"UID", "1000"}});
    EXPECT_EQ(policy.name, "for alice and alice");
    EXPECT_EQ(policy.mode, Mode::observe);
    EXPECT_EQ(policy.daemon.cleanup_interval, std::chrono::seconds(7));
    EXPECT_EQ(policy.limits.max_memory, Bytes::from_mib(2048));
    EXPECT_EQ(policy.limits.max_instances_per_type, 3U);
    EXPECT_FALSE(policy.rule(Rule::orphan).enabled);
    EXPECT_THAT(policy.rule(Rule::orphan).escalation, SizeIs(2));
    ASSERT_THAT(policy.servers, SizeIs(1));
    EXPECT_EQ(policy.servers[0].type, "alice");
    EXPECT_THAT(policy.servers[0].match, ElementsAre("^alice$"));
    EXPECT_EQ(policy.exempt[0].user, "1000");
}

TEST(Environment, ThatHasNotBeenSetIsAMistakeWithItsPlace) {
    EXPECT_THAT(
        mistakes_with("version: 1\nname: ${A}\nlimits:\n  max_memory_mb: ${B}\n", {}),
        ElementsAre("p.yaml:2:7: the environment variable A is not set; ${A} stands for its value "
                    "($${A} for this text)",
                    "p.yaml:4:18: the environment variable B is not set; ${B} stands for its value "
                    "($${B} for this text)"));
    EXPECT_THAT(mistakes_with("version: 1\nname: ${A}\n", {{"A", ""}}),
                ElementsAre("p.yaml:2:7: name must not be empty"));
}

TEST(Environment, ThatIsNotWhatItsKeyWantsIsToldLikeAnyOther) {
    EXPECT_THAT(mistakes_with("version: 1\nlimits: { max_instances_per_type: '${A}' }\n", {{"A", "x"}}),
                ElementsAre(HasSubstr("p.yaml:2:35: max_instances_per_type must be a whole number")));
    EXPECT_EQ(load_with("version: 1\nname: ${A}\n", {{"A", "5"}}).name, "5") << "text, where text goes";
}

TEST(Environment, CannotPutMoreThanAValueIntoAPolicy) {
    EXPECT_EQ(load_with("version: 1\nname: ${A}\n", {{"A", "x, mode: observe"}}).name,
              "x, mode: observe");
    EXPECT_THAT(mistakes_with("version: 1\nname: ${A}\n", {{"A", "x\nmode: observe"}}),
                ElementsAre("p.yaml:2:7: name must be one line of text"));
    EXPECT_THAT(mistakes_with("version: 1\nname: ${A}\n", {{"A", "\xFF"}}),
                ElementsAre("p.yaml:2:7: the value of the environment variable A is no text"));
    EXPECT_EQ(load_with("version: 1\nname: ${A}\n", {{"A", "${B}"}, {"B", "no"}}).name, "${B}")
        << "a value is not expanded again";
    EXPECT_THAT(mistakes_with("version: 1\n${A}: observe\n", {{"A", "mode"}}),
                ElementsAre(HasSubstr("unknown key '${A}'")));
}

TEST(Environment, IsBounded) {
    std::string text = "version: 1\nservers:\n  - type: a\n    match:\n";
    for (int i = 0; i < 40; ++i) text += "      - 'x${A}'\n";
    const auto mistakes = mistakes_with(text, {{"A", std::string(100'000, 'a')}});
    ASSERT_FALSE(mistakes.empty());
    EXPECT_THAT(mistakes.front(),
                HasSubstr("with the value of ${A} the policy is larger than 1024 KiB"));
}

TEST(Environment, LeavesAloneWhatIsNoName) {
    for (const char* text : {"(^|/)foo$", "$HOME", "${}", "${1}", "${a-b}", "${A", "a$", "$$", "{A}",
                             "$ {A}", "${ A }", "x{2}$"}) {
        EXPECT_EQ(load_with("version: 1\nname: '" + std::string(text) + "'\n", {{"A", "no"}}).name,
                  text);
    }
}

TEST(Environment, IsEscapedByASecondDollar) {
    const std::map<std::string, std::string> texts = {{"$${A}", "${A}"},
                                                      {"$$${A}", "$${A}"},
                                                      {"a$${A}b${A}", "a${A}bno"},
                                                      {"$${A", "$${A"},
                                                      {"$$", "$$"}};
    for (const auto& [written, meant] : texts) {
        EXPECT_EQ(load_with("version: 1\nname: '" + written + "'\n", {{"A", "no"}}).name, meant);
    }
}

TEST(Environment, IsNotNeededForATextThatIsWrittenOutAgain) {
    for (const std::string text : {"${A}", "$${A}", "$$${A}${B}", "$", "${", "${A${B}}"}) {
        EXPECT_EQ(load_with("version: 1\nname: '" + unexpanded(text) + "'\n", {}).name, text);
    }
}

TEST(Environment, OfTheProcessIsTheLoadersOwn) {
    ASSERT_EQ(::setenv("REAPER_TEST_NAME", "from here", 1), 0);
    EXPECT_EQ(test::load("version: 1\nname: ${REAPER_TEST_NAME}\n").policy.name, "from here");
    ASSERT_EQ(::unsetenv("REAPER_TEST_NAME"), 0);
    EXPECT_THAT(test::mistakes("version: 1\nname: ${REAPER_TEST_NAME}\n"), SizeIs(1));
}
