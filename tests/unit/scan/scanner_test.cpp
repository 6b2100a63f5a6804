#include "scan/scanner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "scan/process_tree.h"
#include "support/child.h"

namespace reaper::scan {
namespace {

using test::Child;
using test::make_pipe;
using test::Pair;

const classify::Classifier& classifier() {
    static const auto kCompiled = classify::Classifier::compile({});
    return *kCompiled;
}

Sample read(Depth depth) {
    auto sample = read_host(classifier(), depth);
    if (!sample) throw std::runtime_error(sample.error().message());
    return *sample;
}

const Process* find(const Sample& sample, ProcessId id) {
    const auto found = std::ranges::find(sample.processes, id, &Process::id);
    return found == sample.processes.end() ? nullptr : &*found;
}

/// A process that waits at its stdin and calls itself a server.
Child start_server(test::Stdio stdio) {
    return Child::exec("/bin/sh", {"mcp-server-filesystem"}, stdio);
}

TEST(Scanner, OfUsageReadsNoCommandLines) {
    const Pair in = make_pipe();
    const Child server = start_server({.in = in.first.get()});
    const Sample sample = read(Depth::usage);
    const Process* const process = find(sample, server.id());
    ASSERT_NE(process, nullptr);
    EXPECT_EQ(process->cmdline, "");
    EXPECT_FALSE(process->detail);
}

TEST(Scanner, LooksAtServersAndNotAtOthers) {
    const Pair in = make_pipe();
    const Pair out = make_pipe();
    const Child server = start_server({.in = in.first.get(), .out = out.second.get()});
    const Child other = Child::exec("/bin/sleep", {"sleep", "1000"});
    const Sample sample = read(Depth::servers);
    const Process* const process = find(sample, server.id());
    ASSERT_NE(process, nullptr);
    ASSERT_TRUE(process->detail);
    EXPECT_EQ(combine(*process->detail->in, *process->detail->out), Channel::open);
    ASSERT_NE(find(sample, other.id()), nullptr);
    EXPECT_FALSE(find(sample, other.id())->detail);
}

TEST(Scanner, SeesThatAClientIsGone) {
    Pair out = make_pipe();
    // Its stdin's other end is gone from the start: a shell would leave at once, so one that is stopped.
    Pair in = make_pipe();
    const Child server = start_server({.in = in.first.get(), .out = out.second.get()});
    server.signal(SIGSTOP);
    in.second.close();
    out.first.close();
    const Sample sample = read(Depth::servers);
    const Process* const process = find(sample, server.id());
    ASSERT_NE(process, nullptr);
    ASSERT_TRUE(process->detail);
    EXPECT_EQ(combine(*process->detail->in, *process->detail->out), Channel::closed);
}

/// A process that lost its parent, as a browser of a dead server has, and a child of it. They leave by
/// themselves when the test does.
class LeftOver {
  public:
    /// `in` is the stdin of the upper one; all else is /dev/null.
    explicit LeftOver(int in) {
        const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
        const Pair report = make_pipe();
        const auto stay = [this] {
            char byte = 0;
            while (::read(lifeline_.first.get(), &byte, 1) > 0) {
            }
            ::_exit(0);
        };
        Child starter = Child::fork({.in = in, .out = nothing.get()},
                                    [&] {
                                        if (::fork() != 0) return;
                                        if (::fork() != 0) stay();
                                        const int null_device = ::open("/dev/null", O_RDWR);
                                        ::dup2(null_device, 0);
                                        ::dup2(null_device, 1);
                                        const std::array<pid_t, 2> pids{::getppid(), ::getpid()};
                                        if (::write(report.second.get(), pids.data(), sizeof pids) < 0)
                                            ::_exit(1);
                                        stay();
                                    },
                                    {lifeline_.first.get(), report.second.get()});
        std::array<pid_t, 2> pids{};
        if (::read(report.first.get(), pids.data(), sizeof pids) != sizeof pids)
            throw std::runtime_error("read");
        upper = test::identify(pids[0]);
        lower = test::identify(pids[1]);
        starter.end();
    }

    ProcessId upper;
    ProcessId lower;

  private:
    Pair lifeline_ = make_pipe();
};

TEST(Scanner, LooksBelowALeftOverThatSharesAPipeWithAServer) {
    const Pair channel = make_pipe();
    const Pair unrelated = make_pipe();
    const Child server = start_server({.in = channel.first.get()});
    const LeftOver browser(channel.first.get());
    const LeftOver daemon(unrelated.first.get());
    const Sample sample = read(Depth::servers);
    const auto tree = ProcessTree(sample.processes);
    if (!tree.reparented(*tree.find(browser.upper.pid)))
        GTEST_SKIP() << "an unknown subreaper is above us";
    ASSERT_NE(find(sample, browser.lower), nullptr);
    EXPECT_TRUE(find(sample, browser.upper)->detail);
    EXPECT_TRUE(find(sample, browser.lower)->detail);
    EXPECT_TRUE(find(sample, daemon.upper)->detail);
    EXPECT_FALSE(find(sample, daemon.lower)->detail);
}

TEST(Scanner, ForARecordingLooksAtEverybody) {
    const Child other = Child::exec("/bin/sleep", {"sleep", "1000"});
    const Child dead = Child::fork();
    dead.kill_to_zombie();
    const Sample sample = read(Depth::recording);
    ASSERT_NE(find(sample, other.id()), nullptr);
    EXPECT_TRUE(find(sample, other.id())->detail);
    ASSERT_NE(find(sample, dead.id()), nullptr);
    EXPECT_TRUE(find(sample, dead.id())->zombie());
    EXPECT_FALSE(find(sample, dead.id())->detail);
}

TEST(Scanner, IsOrderedByPid) {
    EXPECT_TRUE(std::ranges::is_sorted(read(Depth::servers).processes, {}, &Process::id));
}

TEST(Scanner, KeepsOpenNothingOfItsOwn) {
    const auto own = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    };
    read(Depth::recording);
    const auto before = own();
    read(Depth::recording);
    EXPECT_EQ(own(), before);
}

TEST(Scanner, SaysHowMuchTheViewerSees) {
    if (!test::is_root()) GTEST_SKIP() << "needs root to become somebody else";
    EXPECT_EQ(read(Depth::usage).viewer.uid, 0U);
    const Pair in = make_pipe();
    const Child server = start_server({.in = in.first.get()});
    const std::string seen = test::run_as(test::kNobody, [&] {
        const Sample sample = read(Depth::servers);
        const Process* const process = find(sample, server.id());
        if (process == nullptr || !process->detail) return std::string("no detail");
        return std::to_string(sample.viewer.uid) + (sample.viewer.sees_everything ? " all " : " some ") +
               std::string(to_string(combine(*process->detail->in, *process->detail->out)));
    });
    EXPECT_EQ(seen, "65534 some unknown");
}

TEST(Scanner, SurvivesProcessesThatComeAndGoMeanwhile) {
    const Child storm = Child::fork({}, [] {
        if (::fork() != 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            const pid_t short_lived = ::fork();
            if (short_lived == 0) ::_exit(0);
            ::waitpid(short_lived, nullptr, 0);
        }
    });
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(read_host(classifier(), Depth::recording));
}

}  // namespace
}  // namespace reaper::scan
