// The process table: one row for every process of the host, by libproc2, from /proc/PID/stat alone.
//
// Internal to scan/.
#pragma once

#include <sys/types.h>

#include <span>
#include <vector>

#include "base/result.h"
#include "scan/sample.h"

namespace reaper::scan {

/// Every process, ordered by pid, without command lines and details. Fails only where /proc cannot be
/// read at all; a process that dies in between is not in it.
Result<std::vector<Process>> read_process_table();

/// The rows of these pids alone; of those that are gone there is none.
Result<std::vector<Process>> read_process_rows(std::span<const pid_t> pids);

/// Adds the command lines; drops processes that are gone by now. A kernel thread and a zombie have
/// none, and one that may not be read (hidepid) stays empty.
void read_command_lines(std::vector<Process>& processes);

/// Reads "PID/cmdline" below the directory `proc` in one go: what is longer than the buffer is cut. -1
/// with errno set where it cannot be read.
ssize_t read_command_line(int proc, pid_t pid, std::span<char> buffer);

}  // namespace reaper::scan
