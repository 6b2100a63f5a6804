// Processes that may have got away from a server while it was ended.
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"

namespace reaper::scan {

/// Processes of this user, begun since then, that have lost their parent and run one of these programs
/// (targets of /proc/PID/exe). No proof of anything: a hint for people. Reads the whole process table.
std::vector<ProcessId> find_strays(uid_t uid, BootTime since, std::span<const std::string> programs);

}  // namespace reaper::scan
