// Who writes the history: so that it can be told later whether they are still at it.
//
// Internal to report/history.
#pragma once

#include <string>

#include "base/process_id.h"

namespace reaper::report {

struct RecorderIdentity {
    ProcessId process;
    std::string boot;  ///< /proc/sys/kernel/random/boot_id: a process means nothing after the next boot.
};

RecorderIdentity this_recorder();

/// Whether that process is there, in this boot. False also where that cannot be told.
bool is_running(const RecorderIdentity& recorder);

}  // namespace reaper::report
