// A server ends between a decision and what follows from it, and its pid is taken at once by somebody
// else: the same program with the same arguments, but in use. The program under test is held up at one
// system call after another (strace delays it) while that happens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <ostream>
#include <thread>

#include "bystanders.h"
#include "pid_namespace.h"
#include "processes.h"
#include "stubborn_server.h"
#include "support/sanitized.h"

namespace reaper::integration {
namespace {

namespace fs = std::filesystem;

const char* const kNoPatience =
    "version: 1\n"
    "name: test\n"
    "rules:\n"
    "  orphan: { after_seconds: 0, action: terminate }\n"
    "terminate: { grace_seconds: 0 }\n";

/// A call of the program in which it is held up.
struct HeldCall {
    const char* name;
    long number;
    const char* mark;  ///< For write: what the name of the file ends in.
};

void PrintTo(const HeldCall& one, std::ostream* out) {
    *out << one.name;
}

/// What the process is in the middle of, from /proc/PID/syscall: the number and the first argument.
std::optional<std::pair<long, unsigned long>> current_call(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/syscall");
    long number = 0;
    std::string argument;
    if (!(file >> number >> argument) || number < 0) return std::nullopt;
    return std::pair(number, std::stoul(argument, nullptr, 16));
}

pid_t child_of(pid_t parent) {
    for (const auto& [pid, info] : read_processes()) {
        if (info.parent == parent && info.comm == "mcp-reaper") return pid;
    }
    return 0;
}

/// Whether the program `tool` is held up where it is about to do something about process `victim`.
bool is_held(pid_t tool, const HeldCall& call, pid_t victim) {
    const auto now = current_call(tool);
    if (!now || now->first != call.number) return false;
    if (call.number == SYS_pidfd_open) return now->second == static_cast<unsigned long>(victim);
    if (call.number == SYS_pidfd_send_signal) return true;  // There is one server only.
    std::error_code gone;
    const std::string file =
        fs::read_symlink("/proc/" + std::to_string(tool) + "/fd/" + std::to_string(now->second), gone);
    return file.ends_with(call.mark);
}

/// A call that is not held up is over in no time.
bool stays_held(pid_t tool, const HeldCall& call, pid_t victim) {
    if (!is_held(tool, call, victim)) return false;
    std::this_thread::sleep_for(20ms);
    return is_held(tool, call, victim);
}

enum class Seen {
    nothing,
    swapped,
    too_late
};  ///< Too late: it was no longer held up; as good as nothing.

/// One run of the program, held up at the `nth` such call. Swaps the process when that is about it.
Seen run_once(const HeldCall& call, unsigned nth) {
    StubbornServers leaked, used;
    Program& server = leaked.leak("deaf");
    const pid_t pid = server.pid();
    const Actor actor(kNoPatience);
    Program strace = actor.start(
        Actor::scan_of({pid}),
        {"-e", std::string("inject=") + call.name + ":delay_enter=300000:when=" + std::to_string(nth)});
    Seen seen = Seen::nothing;
    std::optional<Bystanders> innocent;
    while (!strace.wait(1ms)) {
        const pid_t tool = child_of(strace.pid());
        if (innocent || !stays_held(tool, call, pid)) continue;
        server.kill();
        let_next_pid_be(pid);
        const pid_t successor = used.start("deaf").pid();
        EXPECT_EQ(successor, pid) << "somebody else has taken the pid";
        innocent.emplace(std::set{successor});
        seen = is_held(tool, call, pid) ? Seen::swapped : Seen::too_late;
    }
    const Acted acted = actor.finish(strace);
    if (innocent) {
        SCOPED_TRACE(acted.report.dump(2) + '\n' + acted.trace.text());
        innocent->expect_untouched();
    } else {
        EXPECT_EQ(outcome_of(acted, pid).value("effect", ""), "killed");
    }
    return seen;
}

class PidReuse : public ::testing::TestWithParam<HeldCall> {};

INSTANTIATE_TEST_SUITE_P(Before, PidReuse,
                         ::testing::Values(HeldCall{"pidfd_open", SYS_pidfd_open, ""},
                                           HeldCall{"pidfd_send_signal", SYS_pidfd_send_signal, ""},
                                           HeldCall{"write", SYS_write, "/cgroup.procs"}),
                         [](const auto& call) { return call.param.name; });

TEST_P(PidReuse, HurtsNobody) {
    if (const std::string why = why_no_strace() + why_no_pid_namespace(); !why.empty())
        GTEST_SKIP() << why;
    if (test::kSanitized && GetParam().number == SYS_write)
        GTEST_SKIP() << "the sanitizers write too, as often as they like: which write is meant "
                        "cannot be counted";
    in_pid_namespace([] {
        constexpr unsigned kMost = 60;
        // Many a write is to other files before the one that is meant.
        const unsigned patience = GetParam().number == SYS_write ? 14 : 8;
        unsigned swapped = 0, without = 0;
        // Beyond the last such call nothing is held up any more; some are about other processes.
        for (unsigned nth = 1; nth < kMost && without < patience; ++nth) {
            SCOPED_TRACE(std::to_string(nth));
            const Seen seen = run_once(GetParam(), nth);
            without = seen == Seen::nothing ? without + 1 : 0;
            swapped += seen == Seen::swapped ? 1 : 0;
        }
        EXPECT_GE(swapped, GetParam().number == SYS_write && !can_be_caged() ? 0u : 1u);
        std::cout << swapped << " times between a decision and " << GetParam().name << '\n';
    });
}

}  // namespace
}  // namespace reaper::integration
