// `replay`: tests/data/orphan-recording.jsonl holds two playwright servers by npx over a minute, a
// sample every ten seconds. The client of one is gone from the third sample on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "cli/policies.h"
#include "cli/program.h"
#include "report/text_width.h"

namespace reaper::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

const std::string kRecording = REAPER_SOURCE_DIR "/tests/data/orphan-recording.jsonl";

class Replay : public testing::Test {
  protected:
    [[nodiscard]] Outcome replay(const std::string& file, std::vector<std::string> more = {}) const {
        std::vector<std::string> all = {"replay", file, "--policy", policy_};
        all.insert(all.end(), more.begin(), more.end());
        return run(all);
    }
    TemporaryDirectory directory_;
    std::string policy_ = directory_.with("policy.yaml", policy_text(30));
};

TEST_F(Replay, TellsWhenAnActionFirstBecomesDueAndOnlyOnce) {
    const Outcome outcome = replay(kRecording, {"--format", "json"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.err, "");
    const json report = json::parse(outcome.out);
    EXPECT_EQ(report["schema"], 1);
    EXPECT_EQ(report["samples"], 7);
    EXPECT_EQ(report["span_seconds"], 60.0);
    ASSERT_EQ(report["actions"].size(), 1U) << report;
    const json& action = report["actions"][0];
    EXPECT_EQ(action["offset_seconds"], 50.0) << "an orphan since 20 s, due after 30 s";
    EXPECT_EQ(action["action"], "terminate");
    EXPECT_EQ(action["type"], "playwright");
    EXPECT_EQ(action["rules"], json({"orphan"}));
    EXPECT_EQ(report["summary"]["servers_seen"], 2);
    EXPECT_EQ(report["summary"]["by_type"]["playwright"], 2);
    EXPECT_EQ(report["summary"]["rules"]["terminate"]["orphan"], 1);
    EXPECT_EQ(report["summary"]["memory_bytes"], action["memory_bytes"]);
    EXPECT_TRUE(report["pending"].empty());
}

TEST_F(Replay, AnotherPolicyGivesAnotherTime) {
    policy_ = directory_.with("hasty.yaml", policy_text(0));
    const json report = json::parse(replay(kRecording, {"--format", "json"}).out);
    ASSERT_EQ(report["actions"].size(), 1U);
    EXPECT_EQ(report["actions"][0]["offset_seconds"], 20.0);
}

TEST_F(Replay, WhatIsStillPendingAtTheEndIsTold) {
    const auto all = lines(contents(kRecording));
    std::string first_five;
    for (std::size_t i = 0; i < 5; ++i) first_five += all.at(i) + '\n';  // The header and 0 … 30 s.
    const std::string file = directory_.with("short.jsonl", first_five);
    const json report = json::parse(replay(file, {"--format", "json"}).out);
    EXPECT_TRUE(report["actions"].empty());
    ASSERT_EQ(report["pending"].size(), 1U);
    EXPECT_EQ(report["pending"][0]["pending_seconds"], 20);
    const Outcome table = replay(file);
    EXPECT_THAT(table.out, HasSubstr("Pending at the end"));
    EXPECT_THAT(table.out, HasSubstr("Nothing would have been done."));
}

TEST_F(Replay, TableTellsTheStory) {
    const Outcome outcome = replay(kRecording);
    EXPECT_EQ(outcome.code, 0);
    for (const char* const text : {"+50 s", "terminate", "playwright", "orphan", "7 samples over 1 min",
                                   "Seen: 2 servers", "Would have been done: terminate 1 (orphan 1)"}) {
        EXPECT_THAT(outcome.out, HasSubstr(text));
    }
}

TEST_F(Replay, TableFitsANarrowTerminal) {
    Call call;
    call.arguments = {"replay", kRecording, "--policy", policy_};
    call.out = StdOut::terminal;
    call.columns = 40;
    const Outcome outcome = run(call);
    EXPECT_THAT(outcome.out, HasSubstr("terminate"));
    for (const std::string& line : lines(outcome.out))
        EXPECT_LE(report::display_width(line), 40U) << line;
}

TEST_F(Replay, CutRecordingIsReplayedWithANote) {
    const std::string whole = contents(kRecording);
    for (const std::size_t missing : {std::size_t{1}, std::size_t{2}, std::size_t{100}}) {
        const std::string file =
            directory_.with("cut.jsonl", whole.substr(0, whole.size() - 1 - missing));
        const Outcome outcome = replay(file, {"--format", "json"});
        EXPECT_EQ(outcome.code, 0) << missing;
        EXPECT_THAT(outcome.err, HasSubstr("cut")) << missing;
        const json report = json::parse(outcome.out);
        EXPECT_EQ(report["samples"], 6) << missing;
        EXPECT_TRUE(report["note"].is_string()) << missing;
    }
}

TEST_F(Replay, CutAnywhereIsNeverACrash) {
    const std::string whole = contents(kRecording);
    for (std::size_t size = 0; size < whole.size(); size += 997) {
        const Outcome outcome = replay(directory_.with("cut.jsonl", whole.substr(0, size)));
        EXPECT_LE(outcome.code, 1) << size;
        EXPECT_TRUE(outcome.code == 0 || !outcome.err.empty()) << size;
    }
}

TEST_F(Replay, BrokenLineInTheMiddleIsAnErrorWithItsNumber) {
    auto all = lines(contents(kRecording));
    all.at(3) = "{\"oops\"";
    std::string text;
    for (const std::string& line : all) text += line + '\n';
    const Outcome outcome = replay(directory_.with("broken.jsonl", text));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("4"));
}

TEST_F(Replay, WhatIsNoRecordingIsRefused) {
    for (const std::string& text : {std::string(), std::string("hello\n"), std::string("{}\n"),
                                    std::string("{\"recording\":999}\n"), std::string(100'000, '[')}) {
        const Outcome outcome = replay(directory_.with("other.jsonl", text));
        EXPECT_EQ(outcome.code, 1);
        EXPECT_NE(outcome.err, "");
    }
    EXPECT_EQ(replay("/").code, 1);
    EXPECT_EQ(replay("/nonexistent").code, 1);
}

TEST_F(Replay, ReadsStandardInput) {
    const Outcome outcome =
        run({"replay", "-", "--policy", policy_, "--format", "json"}, contents(kRecording));
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(json::parse(outcome.out)["samples"], 7);
}

TEST_F(Replay, JoinedRecordingsAreRefused) {
    // Time goes back between the two: spans over both would prove nothing.
    const auto all = lines(contents(kRecording));
    const std::string joined = contents(kRecording) + all.at(1) + '\n' + all.at(2) + '\n';
    const Outcome outcome = replay(directory_.with("joined.jsonl", joined));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("9"));
}

}  // namespace
}  // namespace reaper::cli_test
