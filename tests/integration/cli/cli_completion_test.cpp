// `completion`: what a shell is told while a line is typed. The scripts themselves: tests/completion/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/program.h"
#include "cli/subject.h"

namespace reaper::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Completion, OffersTheServersOfThisHostByPidWithWhatTheyAre) {
    const Subject server(server_command_line());
    const Outcome outcome = run({"completion", "servers"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(lines(outcome.out), Contains(AllOf(StartsWith(std::to_string(server.pid()) + "\t"),
                                                   HasSubstr(subject_type()))));
    EXPECT_THAT(outcome.out, Not(HasSubstr("secret"))) << "a command line is not shown";
}

TEST(Completion, OffersTheTypesOfThePolicy) {
    const Outcome outcome = run({"completion", "types"});
    EXPECT_THAT(lines(outcome.out), AllOf(Contains("playwright"), Contains("filesystem")));
}

TEST(Completion, OfAShellThatIsNotKnownIsWrongUse) {
    const Outcome outcome = run({"completion", "zhs"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(outcome.err, HasSubstr("did you mean 'zsh'"));
}

}  // namespace
}  // namespace reaper::cli_test
