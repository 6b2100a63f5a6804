// How the program is called, and how it takes wrong calls and broken outputs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/program.h"

namespace reaper::cli_test {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::vector<std::string>> kCommands = {
    {"scan"},           {"explain"}, {"classify"}, {"policy"},           {"policy", "check"},
    {"policy", "show"}, {"record"},  {"replay"},   {"policy", "schema"}, {"history"},
    {"doctor"},         {"status"},  {"events"},   {"reload"},           {"pause"},
    {"resume"}};

std::vector<std::string> with(std::vector<std::string> words, const std::string& last) {
    words.push_back(last);
    return words;
}

TEST(Usage, VersionIsNamed) {
    const Outcome outcome = run({"--version"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out, "mcp-reaper 0.1.0\n");
    EXPECT_EQ(outcome.err, "");
}

TEST(Usage, HelpNamesEveryCommandAndExitCode) {
    const Outcome outcome = run({"--help"});
    EXPECT_EQ(outcome.code, 0);
    for (const char* const word :
         {"scan", "explain", "classify", "policy", "record", "replay", "history", "doctor", "status",
          "events", "reload", "pause", "resume", "Exit codes:"}) {
        EXPECT_THAT(outcome.out, HasSubstr(word));
    }
    for (const char* const code : {"\n  0  ", "\n  1  ", "\n  2  ", "\n  3  "}) {
        EXPECT_THAT(outcome.out, HasSubstr(code));
    }
}

TEST(Usage, EveryCommandHasAManualBothWays) {
    for (const auto& command : kCommands) {
        const Outcome option = run(with(command, "--help"));
        std::vector<std::string> words = {"help"};
        words.insert(words.end(), command.begin(), command.end());
        const Outcome help = run(words);
        EXPECT_EQ(option.code, 0) << command.back();
        EXPECT_EQ(option.out, help.out) << command.back();
        for (const char* const part :
             {"Usage: mcp-reaper", "Options:", "Examples:", "Exit codes:", "--help"}) {
            EXPECT_THAT(option.out, HasSubstr(part)) << command.back();
        }
    }
}

TEST(Usage, HelpWinsOverOtherMistakes) {
    EXPECT_EQ(run({"scan", "--no-such-option", "--help"}).code, 0);
}

TEST(Usage, NoCommandIsWrongUse) {
    const Outcome outcome = run(std::vector<std::string>{});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("--help"));
}

TEST(Usage, MisspeltCommandIsGuessed) {
    const Outcome outcome = run({"scna"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("did you mean 'scan'?"));
    EXPECT_THAT(run({"policy", "chekc"}).err, HasSubstr("did you mean 'check'?"));
}

TEST(Usage, FarOffCommandIsNotGuessed) {
    const Outcome outcome = run({"xyzzy"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("'xyzzy'"));
    EXPECT_THAT(outcome.err, Not(HasSubstr("did you mean")));
}

TEST(Usage, MisspeltOptionIsGuessed) {
    const Outcome outcome = run({"scan", "--dry-run", "--polcy", "x"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, HasSubstr("did you mean '--policy'?"));
}

TEST(Usage, OptionsAreNotAbbreviated) {
    EXPECT_EQ(run({"scan", "--dry"}).code, 2);
}

TEST(Usage, BadOptionsAreRefusedWithTheReason) {
    struct Case {
        std::vector<std::string> arguments;
        const char* reason;
    };
    const std::vector<Case> cases = {
        {{"scan", "--dry-run", "--window", "soon"}, "'soon' is no duration"},
        {{"scan", "--dry-run", "--window", "5"}, "'5' is no duration"},
        {{"scan", "--dry-run", "--window", "-1s"}, "'-1s' is no duration"},
        {{"scan", "--dry-run", "--window", "61m"}, "not between 0s and 1h"},
        {{"scan", "--dry-run", "--window", "99999999999h"}, "not between 0s and 1h"},
        {{"scan", "--dry-run", "--window"}, "--window"},
        {{"scan", "--dry-run", "--format", "xml"}, "'xml' is none of table, json"},
        {{"scan", "--dry-run", "--user", "no-such-user-here"}, "no-such-user-here"},
        {{"scan", "--dry-run", "--policy", "a", "--policy", "b"}, "more than once"},
        {{"scan", "--dry-run", "stray"}, "'stray'"},
        {{"explain"}, "is missing"},
        {{"explain", "me"}, "neither a pid nor an id"},
        {{"explain", "0"}, "neither a pid nor an id"},
        {{"explain", "4711@"}, "neither a pid nor an id"},
        {{"explain", "99999999999999999999"}, "neither a pid nor an id"},
        {{"explain", "1", "2"}, "'2'"},
        {{"classify", "stray"}, "'stray'"},
        {{"policy"}, "a command is missing"},
        {{"policy", "check"}, "is missing"},
        {{"policy", "show", "--format", "json"}, "'json' is none of yaml"},
        {{"record"}, "-o FILE"},
        {{"record", "-o", "x", "--interval", "0s"}, "not between 100ms and 1h"},
        {{"replay"}, "is missing"},
        {{"replay", "x", "--format", "csv"}, "'csv' is none of table, json"},
        {{"history", "stray"}, "'stray'"},
        {{"history", "--since", "yesterday"}, "'yesterday' is no duration"},
        {{"history", "--since", "999999999999d"}, "is not between"},
        {{"history", "--server", "x"}, "'x' is no pid"},
        {{"history", "--limit", "-1"}, "'-1' is no number of actions"},
        {{"status", "--format", "csv"}, "'csv' is none of table, json"},
        {{"events", "stray"}, "'stray'"},
        {{"reload", "stray"}, "'stray'"},
        {{"pause", "--for", "8d"}, "not between 1s and 7d"},
        {{"resume", "stray"}, "'stray'"},
        {{"doctor", "--format", "csv"}, "'csv' is none of table, json"},
    };
    for (const Case& wrong : cases) {
        const Outcome outcome = run(wrong.arguments);
        EXPECT_EQ(outcome.code, 2) << wrong.reason;
        EXPECT_EQ(outcome.out, "") << wrong.reason;
        EXPECT_THAT(outcome.err, HasSubstr(wrong.reason));
        EXPECT_THAT(outcome.err, HasSubstr("Try 'mcp-reaper ")) << wrong.reason;
    }
}

TEST(Usage, TextOfTheUserCannotActOnTheTerminal) {
    const Outcome outcome = run({"\x1b[2Jscan"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, Not(HasSubstr("\x1b")));
}

TEST(Usage, PolicyThatIsMissingStopsEveryCommand) {
    const std::vector<std::vector<std::string>> commands = {{"scan", "--dry-run"},
                                                            {"explain", "1"},
                                                            {"classify"},
                                                            {"record", "-o", "/nonexistent/x"},
                                                            {"replay", "/nonexistent/x"}};
    for (auto command : commands) {
        command.insert(command.end(), {"--policy", "/nonexistent/policy.yaml"});
        const Outcome outcome = run(command);
        EXPECT_EQ(outcome.code, 2) << command.front();
        EXPECT_EQ(outcome.out, "") << command.front();
        EXPECT_THAT(outcome.err, HasSubstr("/nonexistent/policy.yaml")) << command.front();
    }
}

TEST(Output, FullDiskIsAFailureThatIsNamed) {
    Call call;
    call.arguments = {"policy", "schema"};
    call.out = StdOut::full_disk;
    const Outcome outcome = run(call);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("cannot write standard output: No space left on device"));
}

TEST(Output, ClassifyToAFullDiskFailsOnce) {
    Call call;
    call.arguments = {"classify"};
    call.input = std::string(3000, '\n');
    call.out = StdOut::full_disk;
    const Outcome outcome = run(call);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(lines(outcome.err).size(), 1U);
}

TEST(Output, ReaderThatIsGoneIsNoError) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"policy", "schema"}, {"--help"}, {"policy", "show"}, {"classify"}}) {
        Call call;
        call.arguments = arguments;
        call.input = "npx -y mcp-server-x\n";
        call.out = StdOut::closed_pipe;
        const Outcome outcome = run(call);
        EXPECT_EQ(outcome.code, 0) << arguments.front();
        EXPECT_EQ(outcome.err, "") << arguments.front();
    }
}

TEST(Output, ClosedStandardOutputIsAFailure) {
    Call call;
    call.arguments = {"--version"};
    call.out = StdOut::closed;
    const Outcome outcome = run(call);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("standard output"));
}

TEST(Output, HelpFitsANarrowTerminalsProse) {
    Call call;
    call.arguments = {"scan", "--help"};
    call.out = StdOut::terminal;
    call.columns = 60;
    const Outcome outcome = run(call);
    EXPECT_EQ(outcome.code, 0);
    const std::size_t examples = outcome.out.find("Examples:");
    ASSERT_NE(examples, std::string::npos);
    for (const std::string& line : lines(outcome.out.substr(0, examples)))
        EXPECT_LE(line.size(), 60U) << line;
}

}  // namespace
}  // namespace reaper::cli_test
