// `record`: whole lines in a private file, however it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/policies.h"
#include "cli/program.h"
#include "cli/subject.h"

namespace reaper::cli_test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Record : public testing::Test {
  protected:
    [[nodiscard]] std::vector<std::string> arguments(const std::string& file, const std::string& span,
                                                     std::vector<std::string> more = {}) const {
        std::vector<std::string> all = {"record",     "-o",    file,       "--for", span,
                                        "--interval", "100ms", "--policy", policy_};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }
    TemporaryDirectory directory_;
    std::string policy_ = directory_.with("policy.yaml", policy_text(30));
    std::string file_ = directory_.file("host.jsonl");
};

TEST_F(Record, WritesASamplePerIntervalAndSumsUp) {
    const Outcome outcome = run(arguments(file_, "250ms"));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("recorded"));
    const auto written = lines(contents(file_));
    ASSERT_GE(written.size(), 2U);
    EXPECT_LE(written.size(), 4U);
    EXPECT_EQ(json::parse(written[0])["recording"], 1);
    for (const std::string& line : written) EXPECT_TRUE(json::accept(line));
    EXPECT_TRUE(contents(file_).ends_with('\n'));
}

TEST_F(Record, FileIsForItsOwnerOnly) {
    Call call;
    call.arguments = arguments(file_, "0s");
    call.in_child = [] { ::umask(0); };
    EXPECT_EQ(run(call).code, 0);
    struct stat status {};
    ASSERT_EQ(::stat(file_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
    EXPECT_EQ(lines(contents(file_)).size(), 2U);
}

TEST_F(Record, ExistingFileIsKeptUnlessForced) {
    static_cast<void>(directory_.with("host.jsonl", "precious"));
    ASSERT_EQ(::chmod(file_.c_str(), 0644), 0);
    const Outcome refused = run(arguments(file_, "0s"));
    EXPECT_EQ(refused.code, 1);
    EXPECT_THAT(refused.err, HasSubstr("--force"));
    EXPECT_EQ(contents(file_), "precious");

    EXPECT_EQ(run(arguments(file_, "0s", {"--force"})).code, 0);
    EXPECT_TRUE(json::accept(lines(contents(file_)).at(0)));
    struct stat status {};
    ASSERT_EQ(::stat(file_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U);
}

TEST_F(Record, SymbolicLinkIsNotFollowed) {
    const std::string target = directory_.with("target", "precious");
    ASSERT_EQ(::symlink(target.c_str(), file_.c_str()), 0);
    EXPECT_EQ(run(arguments(file_, "0s", {"--force"})).code, 1);
    EXPECT_EQ(contents(target), "precious");
}

TEST_F(Record, SignalEndsItInGoodOrder) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        Running program(arguments("-", "1h"));
        program.read_line();
        program.read_line();
        program.signal(signal);
        const Outcome outcome = program.wait();
        EXPECT_EQ(outcome.code, 0);
        EXPECT_THAT(outcome.err, HasSubstr("stopped by SIG"));
        for (const std::string& line : lines(outcome.out)) EXPECT_TRUE(json::accept(line));
    }
}

TEST_F(Record, FullDiskFailsAndLeavesWholeLines) {
    // A limit on the size of files stands for the disk: room for the first samples only.
    Call once;
    once.arguments = arguments("-", "0s");
    const std::size_t sample = run(once).out.size();
    Call call;
    call.arguments = arguments(file_, "1h");
    call.in_child = [sample] {
        const rlimit limit{sample * 5 / 2, sample * 5 / 2};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    };
    const Outcome outcome = run(call);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("cannot write " + file_ + ": "));
    EXPECT_TRUE(contents(file_).ends_with('\n'));
    for (const std::string& line : lines(contents(file_))) EXPECT_TRUE(json::accept(line));
    const Outcome replayed = run({"replay", file_, "--policy", policy_});
    EXPECT_EQ(replayed.code, 0);
    EXPECT_EQ(replayed.err, "");
}

TEST_F(Record, ReaderThatIsGoneEndsIt) {
    Call call;
    call.arguments = arguments("-", "1h");
    call.out = StdOut::closed_pipe;
    EXPECT_EQ(run(call).code, 0);
}

TEST_F(Record, PlaceThatIsNotThereIsAFailure) {
    const Outcome outcome = run(arguments("/nonexistent/host.jsonl", "0s"));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_THAT(outcome.err, HasSubstr("No such file or directory"));
}

TEST_F(Record, SecretsAreNotWritten) {
    const Subject server(server_command_line());
    EXPECT_EQ(run(arguments(file_, "0s")).code, 0);
    EXPECT_THAT(contents(file_), HasSubstr("mcp-server-" + subject_type()));
    EXPECT_THAT(contents(file_), Not(HasSubstr("verysecret")));
}

TEST_F(Record, ReplayJudgesWhatWasRecorded) {
    const std::string hasty = directory_.with("hasty.yaml", policy_text(0));
    Subject server(server_command_line());
    server.hang_up();
    EXPECT_EQ(run(arguments(file_, "200ms")).code, 0);
    const Outcome outcome = run({"replay", file_, "--policy", hasty, "--format", "json"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    const json report = json::parse(outcome.out);
    std::size_t ours = 0;
    for (const json& action : report["actions"]) {
        if (action["type"] == subject_type() && action["rules"][0] == "orphan") ++ours;
    }
    EXPECT_EQ(ours, 1U);
}

}  // namespace
}  // namespace reaper::cli_test
