// Who a process has forked, read from the process itself: no look at the whole host.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/result.h"
#include "scan/process_dir.h"

namespace reaper::scan {

/// The children that it has now, of all its threads (/proc/PID/task/TID/children, proc(5)). Exact while
/// the process is stopped or frozen; of one that runs, a child may be missing when another one ends at
/// that moment. Each was asked who its parent is: a pid that was given away between being listed and
/// being looked at is nobody's child here. Fails with says_gone() where the process is gone or
/// the kernel does not tell (CONFIG_PROC_CHILDREN), else where one could not be looked at (no
/// descriptor, no memory).
Result<std::vector<ProcessId>> children_of(const ProcessDir& process);

/// The identity that the process with this pid has at this moment; fails with says_gone() without one.
Result<ProcessId> identify(pid_t pid);

}  // namespace reaper::scan
