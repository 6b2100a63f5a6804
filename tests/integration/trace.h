// What a program did to others, as strace saw it: every signal with the process that it went to, and
// every write to a control group.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace reaper::integration {

struct Trace {
    struct Signal {
        pid_t target = 0;
        std::string name;  ///< "SIGTERM", or "0": only asked whether it may be signalled.
    };
    struct GroupWrite {
        std::string file;  ///< "/sys/fs/cgroup/freezer/mcp-reaper/…/cgroup.procs"
        std::string text;
    };
    std::vector<Signal> signals;  ///< By pidfd.
    std::vector<GroupWrite> group_writes;
    /// Calls that there must be none of: those that name a pid or a process group (kill, tgkill, tkill,
    /// rt_sigqueueinfo …), and those of which it cannot be told whom they went to.
    std::vector<std::string> forbidden;

    /// Every process that was signalled, even by 0, whose memory was taken, that was moved, or whose
    /// cage was frozen, limited or killed (thawing alone does not count).
    [[nodiscard]] std::set<pid_t> touched() const;
    [[nodiscard]] std::vector<std::string> signals_to(pid_t pid) const;
    /// For people, cut where it gets long.
    [[nodiscard]] std::string text() const;
};

/// The strace arguments that make such a trace: to be followed by the program.
std::vector<std::string> strace_into(const std::filesystem::path& file);

/// What strace wrote. Throws where it cannot be read: a trace that is not understood proves nothing.
Trace read_trace(const std::filesystem::path& file);

}  // namespace reaper::integration
