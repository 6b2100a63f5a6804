// Mistakes in a policy, each with the place and the words that a user is told. All are told at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "load_text.h"

using reaper::test::mistakes;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(UnknownKey, IsAnsweredWithTheNearestKeyOfItsPlace) {
    EXPECT_THAT(
        mistakes("version: 1\nlimits:\n  max_memmory_mb: 5\n"),
        ElementsAre(
            "p.yaml:3:3: unknown key 'max_memmory_mb' in limits; did you mean 'max_memory_mb'?"));
    EXPECT_THAT(
        mistakes("version: 1\nlimits:\n  maxCpuPercent: 5\n"),
        ElementsAre(
            "p.yaml:3:3: unknown key 'maxCpuPercent' in limits; did you mean 'max_cpu_percent'?"));
    EXPECT_THAT(
        mistakes("version: 1\nlimits:\n  max_age: 5\n"),
        ElementsAre("p.yaml:3:3: unknown key 'max_age' in limits; did you mean 'max_age_seconds'?"));
    EXPECT_THAT(mistakes("version: 1\nlimit: {}\n"),
                ElementsAre("p.yaml:2:1: unknown key 'limit'; did you mean 'limits'?"));
    EXPECT_THAT(mistakes("version: 1\nservers:\n  - { type: a, mach: b }\n"),
                ElementsAre("p.yaml:3:5: key 'match' is missing in servers.a",
                            "p.yaml:3:16: unknown key 'mach' in servers.a; did you mean 'match'?"));
}

/// It cannot be made to look like one more mistake.
TEST(UnknownKey, WithAnEndOfLineInItIsToldInOneLine) {
    EXPECT_THAT(mistakes("version: 1\n\"x\\np.yaml:1:1: y\": 1\n"),
                ElementsAre(StartsWith("p.yaml:2:1: unknown key 'x\\np.yaml:1:1: y'; known here:")));
}

TEST(UnknownKey, ThatBelongsElsewhereIsToldWhere) {
    EXPECT_THAT(mistakes("version: 1\nmax_cpu_percent: 5\n"),
                ElementsAre(StartsWith(
                    "p.yaml:2:1: unknown key 'max_cpu_percent'; it belongs to limits (here: version,")));
    EXPECT_THAT(
        mistakes("version: 1\nrules:\n  over_age: { per: host }\n"),
        ElementsAre("p.yaml:3:15: unknown key 'per' in rules.over_age; it belongs to rules.duplicate "
                    "(here: enabled, action, spare, else)"));
    EXPECT_THAT(
        mistakes("version: 1\naction: report\n"),
        ElementsAre(StartsWith("p.yaml:2:1: unknown key 'action'; it belongs to every rule (here:")));
    EXPECT_THAT(
        mistakes("version: 1\nmax_memroy_mb: 5\n"),
        ElementsAre("p.yaml:2:1: unknown key 'max_memroy_mb'; did you mean 'max_memory_mb' of limits?"));
}

TEST(UnknownKey, LikeNoOtherIsAnsweredWithAllKeys) {
    EXPECT_THAT(mistakes("version: 1\nclients:\n  - { name: a, match: b, zzz: 1 }\n"),
                ElementsAre("p.yaml:3:26: unknown key 'zzz' in clients.a; known here: name, match"));
}

TEST(UnknownKey, OfARuleThatIsAnothersNamesItsOwn) {
    EXPECT_THAT(
        mistakes("version: 1\nrules:\n  over_cpu: { after_seconds: 3 }\n"),
        ElementsAre(
            "p.yaml:3:15: unknown key 'after_seconds' in rules.over_cpu; did you mean 'for_seconds'?"));
    EXPECT_THAT(mistakes("version: 1\nrules:\n  orphans: { after_seconds: 3 }\n"),
                ElementsAre("p.yaml:3:3: unknown key 'orphans' in rules; did you mean 'orphan'?"));
}

TEST(DuplicateKey, IsRefusedAndNamesTheFirst) {
    EXPECT_THAT(mistakes("version: 1\nlimits: { max_cpu_percent: 5, max_cpu_percent: 6 }\nlimits: {}\n"),
                ElementsAre("p.yaml:2:31: key 'max_cpu_percent' is given twice; first in line 2",
                            "p.yaml:3:1: key 'limits' is given twice; first in line 2"));
    EXPECT_THAT(mistakes("version: 1\nservers:\n  - { type: a, match: x }\n  - { type: a, match: y }\n"),
                ElementsAre("p.yaml:4:13: servers.a is given twice; first in line 3"));
}

TEST(Value, OfTheWrongKindIsToldWhatMayStandThere) {
    EXPECT_THAT(
        mistakes("version: 1\nlimits: { max_cpu_percent: [1] }\n"),
        ElementsAre(
            "p.yaml:2:28: max_cpu_percent must be 1 to 102400 percent, such as 80 or 80%, or none; "
            "a list is not"));
    EXPECT_THAT(
        mistakes("version: 1\nlimits:\n  max_memory_mb:\n"),
        ElementsAre(
            "p.yaml:3:3: max_memory_mb must be 1 to 16777216 MB, such as 500, 500MB or 2GB, or none; "
            "nothing is given"));
    EXPECT_THAT(
        mistakes("version: 1\nlimits: { max_instances_per_type: many }\n"),
        ElementsAre(
            "p.yaml:2:35: max_instances_per_type must be a whole number from 1 to 10000, or none; "
            "'many' is not"));
    EXPECT_THAT(mistakes("version: 1\nrules: [orphan]\nservers: { type: x }\ndaemon: 5\n"),
                ElementsAre("p.yaml:2:8: rules must be a mapping of keys to values",
                            "p.yaml:3:10: servers must be a list; begin each entry with '- '",
                            "p.yaml:4:9: daemon must be a mapping of keys to values"));
    EXPECT_THAT(mistakes("version: 1\nservers:\n  - playwright\n"),
                ElementsAre("p.yaml:3:5: an entry of servers must be a mapping of keys to values"));
    EXPECT_THAT(mistakes("version: 1\nname: 5\n"),
                ElementsAre("p.yaml:2:7: name must be text; put it in quotes: '5'"));
    EXPECT_THAT(mistakes("version: 1\nname: ''\n"), ElementsAre("p.yaml:2:7: name must not be empty"));
    EXPECT_THAT(mistakes("version: 1\nname: \"a\\nb\"\n"),
                ElementsAre("p.yaml:2:7: name must be one line of text"));
}

TEST(Value, OutOfRangeIsToldTheRange) {
    EXPECT_THAT(
        mistakes("version: 1\nlimits: { max_cpu_percent: 0 }\n"),
        ElementsAre(
            "p.yaml:2:28: max_cpu_percent must be 1 to 102400 percent, such as 80 or 80%, or none; "
            "'0' is not"));
    for (const char* value :
         {"-1", "1.5", "10y", "1h30m", "999999999999", "9d9", ".inf", ".nan", "1e400", "''"}) {
        EXPECT_THAT(mistakes("version: 1\nlimits: { max_age_seconds: " + std::string(value) + " }\n"),
                    ElementsAre(AllOf(
                        StartsWith("p.yaml:2:28: max_age_seconds must be 1 to 315360000 seconds, "),
                        HasSubstr("2h or 1d, or none;"))))
            << value;
    }
}

TEST(Value, ThatIsMisspeltIsAnsweredWithTheOneMeant) {
    EXPECT_THAT(
        mistakes("version: 1\nmode: enforced\n"),
        ElementsAre(
            "p.yaml:2:7: mode must be enforce or observe; 'enforced' is not; did you mean 'enforce'?"));
    EXPECT_THAT(
        mistakes("version: 1\nrules: { orphan: { action: kill } }\n"),
        ElementsAre("p.yaml:2:28: action must be report, throttle, freeze or terminate; 'kill' is not; "
                    "did you mean 'terminate'?"));
    EXPECT_THAT(
        mistakes("version: 1\nrules: { orphan: { spare: in-use } }\n"),
        ElementsAre(
            "p.yaml:2:27: spare must be in_use or nothing; 'in-use' is not; did you mean 'in_use'?"));
    EXPECT_THAT(
        mistakes("version: 1\nrules: { orphan: { enabled: yes } }\n"),
        ElementsAre("p.yaml:2:29: enabled must be true or false; 'yes' is not; did you mean 'true'?"));
    EXPECT_THAT(
        mistakes("version: 1\nexempt:\n  - { type: a, rules: [orphan, over-cpu, 5] }\n"),
        ElementsAre(
            "p.yaml:3:32: rules must be a list of rule names; 'over-cpu' is not one; did you mean "
            "'over_cpu'?",
            "p.yaml:3:42: rules must be a list of rule names; '5' is not one"));
}

std::vector<std::string> steps_mistakes(const std::string& action) {
    return mistakes("version: 1\nrules: { over_cpu: { action: " + action + " } }\n");
}

TEST(Steps, MustBeEverHarsher) {
    EXPECT_THAT(steps_mistakes("[throttle, throttle after 5m, report after 10m]"),
                ElementsAre("p.yaml:2:41: 'throttle after 5m' must be harsher than 'throttle' before "
                            "it; from mild to harsh: report, throttle, freeze, terminate",
                            "p.yaml:2:60: 'report after 10m' must be harsher than 'throttle after 5m' "
                            "before it; from mild to harsh: report, throttle, freeze, terminate"));
}

TEST(Steps, MustComeEverLater) {
    EXPECT_THAT(steps_mistakes("[throttle after 10m, terminate after 600]"),
                ElementsAre("p.yaml:2:51: 'terminate after 10m' must come later than 'throttle after "
                            "10m' before it"));
    EXPECT_THAT(steps_mistakes("[report, throttle after 5m, terminate]"),
                ElementsAre("p.yaml:2:58: only the first step may be without a time; write when, such "
                            "as 'terminate after 10m'"));
}

TEST(Steps, AreAnActionAndATime) {
    const std::string must =
        "a step of action must be ACTION or ACTION after DURATION, such as 'throttle after 5m'; ";
    EXPECT_THAT(
        steps_mistakes("[kill, throtle after 5m, terminate afer 5m, freeze 10m, end 10 m]"),
        ElementsAre(
            "p.yaml:2:31: " + must + "'kill' is not; did you mean 'terminate'?",
            "p.yaml:2:37: " + must + "'throtle after 5m' is not; did you mean 'throttle after 5m'?",
            "p.yaml:2:55: " + must + "'terminate afer 5m' is not; did you mean 'terminate after 5m'?",
            "p.yaml:2:74: " + must + "'freeze 10m' is not; did you mean 'freeze after 10m'?",
            "p.yaml:2:86: " + must + "'end 10 m' is not; did you mean 'terminate after 10'?"));
    EXPECT_THAT(steps_mistakes("[throttle after soon, { terminate: 5m }, terminate after 1000000d]"),
                ElementsAre("p.yaml:2:31: " + must + "'throttle after soon' is not",
                            "p.yaml:2:52: " + must + "a mapping is not",
                            "p.yaml:2:71: " + must + "'terminate after 1000000d' is not"));
}

TEST(Steps, AreAList) {
    EXPECT_THAT(steps_mistakes("throttle after 5m"),
                ElementsAre("p.yaml:2:30: action must be report, throttle, freeze or terminate; "
                            "'throttle after 5m' is not; did you mean '[throttle after 5m]'?"));
    EXPECT_THAT(steps_mistakes("[]"),
                ElementsAre("p.yaml:2:30: action must be report, throttle, freeze or terminate, or a "
                            "list of steps, such as [report, throttle after 5m, terminate after 30m]; "
                            "an empty list is not"));
}

TEST(Steps, BeginMilderThanElseEnds) {
    EXPECT_THAT(mistakes("version: 1\nrules: { over_cpu: { action: [report after 5m], else: throttle } "
                         "}\n"),
                ElementsAre("p.yaml:2:55: rules.over_cpu: else (throttle) must not be harsher than "
                            "action (report)"));
}

TEST(Cage, IsNotMadeSoSmallThatNothingCanLiveInIt) {
    EXPECT_THAT(mistakes("version: 1\nthrottle: { pids_max: 1, memory_max_mb: 1 }\n"),
                ElementsAre("p.yaml:2:23: pids_max must be a whole number from 16 to 4194304, or none; "
                            "'1' is not",
                            "p.yaml:2:41: memory_max_mb must be 16 to 16777216 MB, such as 500, 500MB "
                            "or 2GB, or none; '1' is not"));
    EXPECT_THAT(mistakes("version: 1\nkills_per_minute: 5\n"),
                ElementsAre(StartsWith("p.yaml:2:1: unknown key 'kills_per_minute'; it belongs to "
                                       "budget (here:")));
    EXPECT_THAT(mistakes("version: 1\nterminate: { grace: 5 }\n"),
                ElementsAre("p.yaml:2:14: unknown key 'grace' in terminate; did you mean "
                            "'grace_seconds'?"));
}

TEST(Else, MayNeverEndASparedServer) {
    EXPECT_THAT(mistakes("version: 1\nrules: { over_cpu: { else: terminate } }\n"),
                ElementsAre("p.yaml:2:28: else must be report or throttle; 'terminate' is not"));
    EXPECT_THAT(
        mistakes("version: 1\nrules: { over_cpu: { action: report, else: throttle } }\n"),
        ElementsAre(
            "p.yaml:2:44: rules.over_cpu: else (throttle) must not be harsher than action (report)"));
}

TEST(Version, MustBeThereAndKnown) {
    EXPECT_THAT(mistakes("mode: enforce\n"), ElementsAre("p.yaml:1:1: key 'version' is missing"));
    EXPECT_THAT(mistakes("version: 2\n"),
                ElementsAre("p.yaml:1:10: version 2 of the file format is not known here; "
                            "this program reads version 1"));
    EXPECT_THAT(mistakes("version: '1'\n"), ElementsAre("p.yaml:1:10: version must be 1; '1' is not"));
}

TEST(Warnings, MustBeBelowTheirLimit) {
    EXPECT_THAT(
        mistakes("version: 1\nlimits:\n  max_memory_mb: 500\n  warning_memory_mb: 500\n"),
        ElementsAre("p.yaml:4:22: warning_memory_mb (500) must be below max_memory_mb (500, line 3)"));
    EXPECT_THAT(mistakes("version: 1\nlimits: { max_cpu_percent: none, warning_cpu_percent: 90 }\n"),
                ElementsAre());
}

TEST(Warnings, OfATypeAreComparedWithWhatIsInForceForIt) {
    EXPECT_THAT(
        mistakes("version: 1\nlimits: { warning_memory_mb: 600 }\n"
                 "servers:\n  - { type: a, match: x, limits: { max_memory_mb: 400 } }\n"),
        ElementsAre(
            "p.yaml:4:51: servers.a: warning_memory_mb (600, line 2) must be below max_memory_mb (400); "
            "give this type its own warning_memory_mb, or none"));
    EXPECT_THAT(mistakes("version: 1\nlimits: { warning_memory_mb: 600 }\n"
                         "servers:\n  - { type: a, match: x, limits: { max_memory_mb: 400, "
                         "warning_memory_mb: none } }\n"),
                ElementsAre());
}

TEST(Exemption, ThatFitsEveryServerIsRefused) {
    EXPECT_THAT(
        mistakes("version: 1\nexempt:\n  - {}\n  - { rules: [orphan] }\n"),
        ElementsAre("p.yaml:3:5: exempt[0] fits every server: give at least one of type, client, user, "
                    "cgroup, match; to switch a rule off, set rules.<rule>.enabled to false",
                    StartsWith("p.yaml:4:5: exempt[1] fits every server")));
    EXPECT_THAT(
        mistakes("version: 1\nprotect:\n  - {}\n"),
        ElementsAre("p.yaml:3:5: protect[0] fits every server: give at least one of type, client, user, "
                    "cgroup, match"));
    EXPECT_THAT(
        mistakes("version: 1\nprotect:\n  - { type: x, rules: [orphan] }\n"),
        ElementsAre(StartsWith(
            "p.yaml:3:16: unknown key 'rules' in protect[0]; it belongs to the top level, exempt")));
}

TEST(Pattern, ThatIsNoneIsShownWithTheReason) {
    EXPECT_THAT(mistakes("version: 1\nservers:\n  - { type: a, match: [ok, 'a(b'] }\n"),
                ElementsAre("p.yaml:3:28: 'a(b' is not a pattern (RE2 syntax): missing ): a(b"));
    EXPECT_THAT(
        mistakes("version: 1\nexempt:\n  - { match: '[' }\nprotect:\n  - { cgroup: '*' }\nclients:\n"
                 "  - { name: x, match: '(?=a)' }\n"),
        ElementsAre(
            "p.yaml:3:14: '[' is not a pattern (RE2 syntax): missing ]: [",
            "p.yaml:5:15: '*' is not a pattern (RE2 syntax): no argument for repetition operator: *",
            "p.yaml:7:23: '(?=a)' is not a pattern (RE2 syntax): invalid perl operator: (?="));
    EXPECT_THAT(
        mistakes("version: 1\nservers:\n  - { type: a, match: '" + std::string(1001, 'x') + "' }\n"),
        ElementsAre("p.yaml:3:23: a pattern must not be longer than 1000 bytes; this one has 1001"));
    EXPECT_THAT(
        mistakes("version: 1\nservers:\n  - { type: a, match: [] }\n"),
        ElementsAre(
            "p.yaml:3:23: match must be a pattern (RE2 syntax) or a list of patterns; an empty list "
            "is not"));
}

TEST(Pattern, ThatFitsEveryProgramIsRefused) {
    EXPECT_THAT(
        mistakes("version: 1\nservers:\n  - { type: a, match: '.*' }\nclients:\n  - { name: b, match: "
                 "'x?' }\n"),
        ElementsAre("p.yaml:3:23: pattern '.*' fits every program; say what the program must contain",
                    "p.yaml:5:23: pattern 'x?' fits every program; say what the program must contain"));
}

TEST(Pattern, ThatIsTooLargeForRe2IsAnError) {
    EXPECT_THAT(
        mistakes("version: 1\nservers:\n  - { type: a, match: '(\\pL\\pN|[^a-z]){90}' }\n"),
        ElementsAre("p.yaml:3:23: '(\\pL\\pN|[^a-z]){90}' is not a pattern (RE2 syntax): pattern too "
                    "large - compile failed"));
}

TEST(Pattern, SetThatIsTooLargeForRe2IsAnErrorAtItsType) {
    std::string text = "version: 1\nservers:\n";
    for (int i = 0; i < 900; ++i) {
        text +=
            "  - { type: t" + std::to_string(i) + ", match: 'x(.{1,90}" + std::to_string(i) + ")' }\n";
    }
    EXPECT_THAT(mistakes(text), ElementsAre(AllOf(StartsWith("p.yaml:"), HasSubstr("too large"))));
}

TEST(Pattern, MoreThanAThousandAreRefused) {
    std::string text = "version: 1\nservers:\n  - type: a\n    match:\n";
    for (int i = 0; i < 1001; ++i) text += "      - 'x" + std::to_string(i) + "'\n";
    EXPECT_THAT(mistakes(text), ElementsAre(AllOf(StartsWith("p.yaml:"), HasSubstr("1000"))));
}

TEST(TypeName, IsLowerCaseLettersDigitsDotsUnderscoresAndDashes) {
    for (const char* name : {"Playwright", "-x", ".x", "a b", "a/b", "é", "\"x\\n\""}) {
        EXPECT_EQ(
            mistakes("version: 1\nservers:\n  - { type: " + std::string(name) + ", match: x }\n").size(),
            1U)
            << name;
    }
    for (const char* name : {"1password", "a.b_c-d", "x"}) {
        EXPECT_THAT(
            mistakes("version: 1\nservers:\n  - { type: " + std::string(name) + ", match: x }\n"),
            ElementsAre());
    }
}

TEST(Mistakes, AreToldAllAtOnceInTheOrderOfTheFile) {
    EXPECT_THAT(mistakes("version: 3\nfoo: 1\nlimits: { max_cpu_percent: x }\nmode: y\n"),
                ElementsAre(StartsWith("p.yaml:1:10: "), StartsWith("p.yaml:2:1: "),
                            StartsWith("p.yaml:3:28: "), StartsWith("p.yaml:4:7: ")));
}

TEST(Mistakes, AreToldUpToAHundred) {
    std::string text = "version: 1\n";
    for (int i = 0; i < 5000; ++i) text += "k" + std::to_string(i) + ": 1\n";
    const auto told = mistakes(text);
    ASSERT_EQ(told.size(), 101U);
    EXPECT_EQ(told.back(), "p.yaml:102:1: more than 100 mistakes; the rest is not shown");
}

TEST(Mistakes, CountColumnsInCharacters) {
    EXPECT_THAT(mistakes("version: 1\nname: 'ä'\nlimits: { 'ö': 1, maxx: 2 }\n"),
                ElementsAre(StartsWith("p.yaml:3:11: unknown key 'ö'"),
                            StartsWith("p.yaml:3:19: unknown key 'maxx'")));
}
