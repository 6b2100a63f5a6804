// A container whose first process is a shell: it adopts what has lost its parent, and is nobody's
// launcher.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "actor.h"
#include "pid_namespace.h"
#include "program.h"
#include "scratch.h"

namespace reaper::integration {
namespace {

using ::testing::HasSubstr;

/// A server that both its writer and its reader have left, adopted by this shell beside another child.
const char* const kScript = R"sh(
( true | (exec -a mcp-server-git sleep 1000) | true & )
sleep 1000 &
until server=$(pgrep -f '^mcp-server-git 1000$') && [ "$(ps -o ppid= -p "$server" | tr -d ' ')" = 1 ];
do :; done
"$0" scan --yes --window 0s --format json --pid "$server" --policy "$1"
)sh";

TEST(Container, OrphansThatItsFirstShellHasAdoptedAreEnded) {
    if (const std::string why = why_no_pid_namespace(); !why.empty()) GTEST_SKIP() << why;
    const Scratch scratch;
    const std::string policy = (scratch.path() / "policy.yaml").string();
    std::ofstream(policy) << kPatientPolicy;
    StartOptions options;
    for (const char* name : {"run", "state"}) {
        std::filesystem::create_directory(scratch.path() / name);
        std::filesystem::permissions(scratch.path() / name, std::filesystem::perms::owner_all);
    }
    options.environment = {{"RUNTIME_DIRECTORY", (scratch.path() / "run").string()},
                           {"STATE_DIRECTORY", (scratch.path() / "state").string()}};
    Program container({"unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c",
                       kScript, REAPER_BINARY, policy},
                      options);
    container.close_input();
    EXPECT_THAT(container.read_all(), HasSubstr(R"("effect": "ended")"));
    EXPECT_TRUE(container.wait());
}

}  // namespace
}  // namespace reaper::integration
