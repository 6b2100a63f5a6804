// `scan` and `explain` on this host, judged by the servers that the test itself starts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "cli/policies.h"
#include "cli/program.h"
#include "cli/subject.h"
#include "report/text_width.h"

namespace reaper::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Scan : public testing::Test {
  protected:
    [[nodiscard]] std::vector<std::string> arguments(std::vector<std::string> more = {},
                                                     const std::string& window = "0s") const {
        std::vector<std::string> all = {"scan", "--dry-run", "--window", window, "--policy", policy_};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    /// The servers of our own type.
    [[nodiscard]] json scan_json(std::vector<std::string> more = {},
                                 const std::string& window = "0s") const {
        more.insert(more.end(), {"--format", "json", "--type", subject_type()});
        const Outcome outcome = run(arguments(std::move(more), window));
        EXPECT_EQ(outcome.code, 0) << outcome.err;
        return json::parse(outcome.out);
    }
    TemporaryDirectory directory_;
    std::string policy_ = directory_.with("policy.yaml", policy_text(30));
};

TEST_F(Scan, WithoutDryRunDoesNothingAndSaysSo) {
    const Outcome outcome = run({"scan", "--policy", policy_});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("--dry-run"));
}

TEST_F(Scan, ShowsAServerWithItsUsageOverTheWindow) {
    const Subject server(server_command_line());
    const json report = scan_json({}, "200ms");
    ASSERT_EQ(report["servers"].size(), 1U) << report;
    const json& found = report["servers"][0];
    EXPECT_EQ(found["type"], subject_type());
    EXPECT_EQ(found["server_pid"], server.pid());
    EXPECT_EQ(found["channel"], "open");
    EXPECT_TRUE(found["cpu_percent"].is_number()) << found;
}

TEST_F(Scan, OneSampleKnowsNoCpuRate) {
    const Subject server(server_command_line());
    const json report = scan_json();
    ASSERT_EQ(report["servers"].size(), 1U);
    EXPECT_TRUE(report["servers"][0]["cpu_percent"].is_null());
}

TEST_F(Scan, OrphanIsPendingBeforeItsTimeAndAFindingForTheExitCode) {
    Subject server(server_command_line());
    EXPECT_EQ(run(arguments({"--type", subject_type(), "--exit-code"})).code, 0);
    server.hang_up();
    const json report = scan_json();
    ASSERT_EQ(report["servers"].size(), 1U);
    EXPECT_EQ(report["servers"][0]["findings"][0]["rule"], "orphan") << report;
    EXPECT_GT(report["servers"][0]["findings"][0]["pending_seconds"], 0);
    EXPECT_EQ(run(arguments({"--type", subject_type(), "--exit-code"})).code, 3);
    EXPECT_EQ(run(arguments({"--type", subject_type()})).code, 0);
}

TEST_F(Scan, NeverTouchesWhatItJudges) {
    policy_ = directory_.with("hasty.yaml", policy_text(0));
    Subject server(server_command_line());
    server.hang_up();
    const json report = scan_json();
    ASSERT_EQ(report["plan"].size(), 1U) << report;
    EXPECT_EQ(report["plan"][0]["action"], "terminate");
    EXPECT_EQ(::kill(server.pid(), 0), 0);
}

TEST_F(Scan, SeveralTypesMayBeAskedFor) {
    const Subject server(server_command_line());
    const Outcome outcome =
        run(arguments({"--format", "json", "--type", "playwright", "--type", subject_type()}));
    const json report = json::parse(outcome.out);
    bool seen = false;
    for (const json& found : report["servers"]) {
        EXPECT_TRUE(found["type"] == "playwright" || found["type"] == subject_type());
        seen = seen || found["type"] == subject_type();
    }
    EXPECT_TRUE(seen);
    EXPECT_EQ(outcome.err, "");
}

TEST_F(Scan, TypeThatIsNotThereIsAnEmptyList) {
    const json report = scan_json();
    EXPECT_TRUE(report["servers"].empty());
    EXPECT_EQ(report["summary"]["total_servers"], 0);
}

TEST_F(Scan, MisspeltTypeIsRemarkedOn) {
    const Outcome outcome =
        run(arguments({"--format", "json", "--type", "reapr" + subject_type().substr(6)}));
    EXPECT_EQ(outcome.code, 0);
    EXPECT_TRUE(json::parse(outcome.out)["servers"].empty());
    EXPECT_THAT(outcome.err, HasSubstr("did you mean '" + subject_type() + "'?"));
}

TEST_F(Scan, ShowsOneUsersServers) {
    const Subject server(server_command_line());
    EXPECT_EQ(scan_json({"--user", std::to_string(::getuid())})["servers"].size(), 1U);
    EXPECT_EQ(scan_json({"--user", "54321"})["servers"].size(), 0U);
    if (::getuid() == 0) {
        EXPECT_EQ(scan_json({"--user", "root"})["servers"].size(), 1U);
    }
}

TEST_F(Scan, JsonNamesThePolicy) {
    EXPECT_THAT(scan_json().dump(), HasSubstr(policy_));
    EXPECT_THAT(run(arguments()).out, HasSubstr("policy.yaml"));
}

TEST_F(Scan, SecretsAreNotShown) {
    const Subject server(server_command_line());
    for (const char* const format : {"table", "json"}) {
        const std::string out = run(arguments({"--format", format})).out;
        EXPECT_THAT(out, HasSubstr(subject_type()));
        EXPECT_THAT(out, Not(HasSubstr("verysecret")));
    }
}

TEST_F(Scan, TableFitsANarrowTerminal) {
    const Subject first(server_command_line());
    Subject second(server_command_line());
    second.hang_up();
    for (const unsigned short columns : std::initializer_list<unsigned short>{40, 60, 80, 132}) {
        Call call;
        call.arguments = arguments();
        call.out = StdOut::terminal;
        call.columns = columns;
        call.environment = {{"TERM", "xterm-256color"}};
        const Outcome outcome = run(call);
        EXPECT_EQ(outcome.code, 0);
        EXPECT_THAT(outcome.out, HasSubstr("reaper"));
        for (const std::string& line : lines(without_colours(outcome.out))) {
            EXPECT_LE(report::display_width(line), columns) << line;
        }
    }
}

TEST_F(Scan, ColoursOnlyOnATerminalThatWantsThem) {
    Subject server(server_command_line());
    server.hang_up();
    Call call;
    call.arguments = arguments();
    call.environment = {{"TERM", "xterm-256color"}};
    EXPECT_THAT(run(call).out, Not(HasSubstr("\x1b"))) << "a pipe";

    call.out = StdOut::terminal;
    EXPECT_THAT(run(call).out, HasSubstr("\x1b[")) << "a terminal";
    call.environment = {{"TERM", "xterm-256color"}, {"NO_COLOR", "1"}};
    EXPECT_THAT(run(call).out, Not(HasSubstr("\x1b"))) << "NO_COLOR";
    call.environment = {{"TERM", "xterm-256color"}, {"NO_COLOR", ""}};
    EXPECT_THAT(run(call).out, HasSubstr("\x1b[")) << "NO_COLOR that is empty";
    call.environment = {{"TERM", "dumb"}};
    EXPECT_THAT(run(call).out, Not(HasSubstr("\x1b"))) << "a dumb terminal";
}

TEST_F(Scan, WithoutUtf8EverythingIsAscii) {
    const auto is_ascii = [](char byte) { return static_cast<unsigned char>(byte) < 0x80; };
    Subject server(server_command_line());
    server.hang_up();
    Call call;
    call.arguments = arguments({"--type", subject_type()});
    call.environment = {{"LC_ALL", "C"}, {"COLUMNS", "20"}};  // So narrow that the type must be cut.
    const std::string ascii = run(call).out;
    EXPECT_THAT(ascii, HasSubstr("orphan"));
    EXPECT_TRUE(std::all_of(ascii.begin(), ascii.end(), is_ascii)) << ascii;
    call.environment["LC_ALL"] = "C.UTF-8";
    const std::string utf8 = run(call).out;
    EXPECT_FALSE(std::all_of(utf8.begin(), utf8.end(), is_ascii)) << utf8;
}

TEST_F(Scan, FullDiskFailsAndAReaderThatIsGoneDoesNot) {
    Call call;
    call.arguments = arguments({"--format", "json"});
    call.out = StdOut::full_disk;
    EXPECT_EQ(run(call).code, 1);
    call.out = StdOut::closed_pipe;
    const Outcome outcome = run(call);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.err, "");
}

TEST_F(Scan, InterruptEndsTheWindowAtOnce) {
    Running program(arguments({}, "1h"));
    program.wait_until_asleep();
    program.signal(SIGINT);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.code, 128 + SIGINT);
    EXPECT_EQ(outcome.out, "");
}

class Explain : public Scan {};

TEST_F(Explain, TellsTheTypeAndTheEvidence) {
    const Subject server(server_command_line());
    const Outcome outcome =
        run({"explain", std::to_string(server.pid()), "--window", "0s", "--policy", policy_});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr(subject_type()));
    EXPECT_THAT(outcome.out, HasSubstr("pidfd_getfd"));
    EXPECT_THAT(outcome.out, Not(HasSubstr("verysecret")));
}

TEST_F(Explain, ProcessThatIsNoServerIsExplainedToo) {
    const Subject other({"vim", "notes.txt"});
    const Outcome outcome =
        run({"explain", std::to_string(other.pid()), "--window", "0s", "--policy", policy_});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("vim"));
}

TEST_F(Explain, IdMustBeOfTheSameProcess) {
    const Subject server(server_command_line());
    const std::string id = scan_json()["servers"][0]["id"];
    EXPECT_EQ(run({"explain", id, "--window", "0s", "--policy", policy_}).code, 0);
    ProcessId other = *ProcessId::parse(id);
    other.start -= Ticks(1);
    const Outcome outcome = run({"explain", other.text(), "--window", "0s", "--policy", policy_});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("has ended"));
}

TEST_F(Explain, NoSuchProcessIsAFailure) {
    // Above the kernel's greatest pid (PID_MAX_LIMIT).
    const Outcome outcome = run({"explain", "4194305", "--window", "0s", "--policy", policy_});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("there is no process 4194305"));
}

}  // namespace
}  // namespace reaper::cli_test
