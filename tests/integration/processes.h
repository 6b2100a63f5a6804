// What these tests know of their own processes, read from /proc by plain means: the truth that the
// program under test is held against.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/unique_fd.h"

namespace reaper::integration {

/// One row of /proc. Zombies are not in it: they run nothing.
struct ProcessInfo {
    pid_t pid = 0;
    pid_t parent = 0;
    std::uint64_t start = 0;  ///< Clock ticks since boot.
    std::string comm;
    std::string input;   ///< Target of /proc/PID/fd/0; empty where it may not be read.
    std::string output;  ///< The same of fd/1.
};

using ProcessTable = std::map<pid_t, ProcessInfo>;

/// What such a file says, as far as it can be read: a process may end while it is being looked at,
/// which a stream tells by an exception.
std::string text_of(const std::string& file);

ProcessTable read_processes();

/// `top` and all its living descendants, and the crash handlers of a browser among them: they detach
/// themselves at their start (double fork), but keep the browser's stdin
/// and stdout. Empty where `top` is gone.
std::set<pid_t> tree_of(pid_t top, const ProcessTable& table);

/// The same for the survivors of a tree that may have lost its top.
std::set<pid_t> grow(const std::set<pid_t>& seeds, const ProcessTable& table);

/// A descriptor for that very process; invalid where it is gone.
UniqueFd open_process(pid_t pid);

/// Through a descriptor of its own. Fails the test where it is gone.
void signal_process(pid_t pid, int number);

/// Whether the process behind a pidfd ended within the time.
bool await_exit(const UniqueFd& process, std::chrono::milliseconds within);

/// Ends every descendant of the guardian (guardian.h) other than this process, and waits for it.
/// Only what the tests started can be among them.
void end_all_descendants(pid_t guardian);

}  // namespace reaper::integration
