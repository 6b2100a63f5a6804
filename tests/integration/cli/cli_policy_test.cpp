// `policy`: mistakes are told with their places, values with their origins.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <string>

#include "cli/policies.h"
#include "cli/program.h"
#include "cli/subject.h"

namespace reaper::cli_test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

TEST(PolicyCheck, SumsUpAGoodFileInOneLine) {
    const TemporaryDirectory directory;
    const std::string file = directory.with("policy.yaml", policy_text(30));
    const Outcome outcome = run({"policy", "check", file});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(lines(outcome.out).size(), 1U);
    EXPECT_THAT(outcome.out,
                AllOf(StartsWith(file + ": ok"), HasSubstr("'test'"), HasSubstr("2 server types")));
}

TEST(PolicyCheck, TellsEveryMistakeWithItsPlace) {
    const TemporaryDirectory directory;
    const std::string file = directory.with("policy.yaml",
                                            "version: 1\n"
                                            "limits:\n"
                                            "  max_memmory_mb: 500\n"
                                            "  max_cpu_percent: -3\n");
    const Outcome outcome = run({"policy", "check", file});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr(file + ":3:3: "));
    EXPECT_THAT(outcome.err, HasSubstr("max_memory_mb"));
    EXPECT_THAT(outcome.err, HasSubstr(file + ":4:"));
    EXPECT_GE(lines(outcome.err).size(), 2U);
}

TEST(PolicyCheck, ScanWithAMistakeScansNothing) {
    const TemporaryDirectory directory;
    const std::string file = directory.with("policy.yaml", "version: 1\nmod: observe\n");
    const Outcome outcome = run({"scan", "--dry-run", "--window", "0s", "--policy", file});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr(file + ":2:1: "));
}

TEST(PolicyCheck, DirectoryAndMissingFileAreErrorsNotCrashes) {
    for (const char* const path : {"/", "/nonexistent", "/dev/null/x", "", "/dev/zero"}) {
        const Outcome outcome = run({"policy", "check", path});
        EXPECT_EQ(outcome.code, 2) << path;
        EXPECT_NE(outcome.err, "") << path;
    }
}

TEST(PolicyShow, PrintsAPolicyThatLoadsToTheSame) {
    const TemporaryDirectory directory;
    const Outcome first = run({"policy", "show", directory.with("policy.yaml", policy_text(30))});
    EXPECT_EQ(first.code, 0);
    EXPECT_THAT(first.out, AllOf(HasSubstr("after_seconds: 30"), HasSubstr("policy.yaml:4"),
                                 HasSubstr("built in")));
    EXPECT_EQ(run({"policy", "check", directory.with("shown.yaml", first.out)}).code, 0);
}

TEST(PolicySchema, IsJson) {
    const Outcome outcome = run({"policy", "schema"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(nlohmann::json::parse(outcome.out)["$schema"].get<std::string>(), HasSubstr("draft-07"));
}

/// Becomes an ordinary user, who may have a policy of their own; root has not.
void drop_privileges() {
    if (::geteuid() != 0) return;
    constexpr unsigned kNobody = 65534;
    if (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(126);
}

TEST(PolicySearch, UsersOwnPolicyComesFirst) {
    const TemporaryDirectory home;
    ASSERT_EQ(::chmod(home.file("").c_str(), 0755), 0);
    ASSERT_EQ(::mkdir(home.file("mcp-reaper").c_str(), 0755), 0);
    const std::string file = home.with("mcp-reaper/policy.yaml", policy_text(30));
    Call call;
    call.arguments = {"policy", "show"};
    call.environment = {{"XDG_CONFIG_HOME", home.file("")}};
    call.in_child = drop_privileges;
    const Outcome outcome = run(call);
    if (outcome.code == 127) GTEST_SKIP() << "the program may not be run by an ordinary user here";
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr(subject_type()));
}

TEST(PolicySearch, RootDoesNotGoByAVariable) {
    if (::geteuid() != 0) GTEST_SKIP() << "only root";
    const TemporaryDirectory home;
    ASSERT_EQ(::mkdir(home.file("mcp-reaper").c_str(), 0755), 0);
    static_cast<void>(home.with("mcp-reaper/policy.yaml", policy_text(30)));
    Call call;
    call.arguments = {"policy", "show"};
    call.environment = {{"XDG_CONFIG_HOME", home.file("")}};
    const Outcome outcome = run(call);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, AllOf(HasSubstr("version: 1"), testing::Not(HasSubstr(subject_type()))));
}

}  // namespace
}  // namespace reaper::cli_test
