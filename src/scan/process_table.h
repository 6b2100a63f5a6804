// The process table: one row for every process of the host, by libproc2, from /proc/PID/stat alone.
//
// Internal to scan/.
#pragma once

#include <vector>

#include "base/result.h"
#include "scan/sample.h"

namespace reaper::scan {

/// Every process, ordered by pid, without command lines and details. Fails only where /proc cannot be
/// read at all; a process that dies in between is not in it.
Result<std::vector<Process>> read_process_table();

/// Adds the command lines; drops processes that are gone by now. A kernel thread and a zombie have
/// none, and one that may not be read (hidepid) stays empty.
void read_command_lines(std::vector<Process>& processes);

}  // namespace reaper::scan
