// Moving one process, with all its threads, into another cgroup, and being sure that it was the one.
//
// cgroup.procs takes a pid, and a pid may be somebody else's by the time it is written. So the process
// is verified before and after; whoever got the pid between is moved back.
//
// Internal to enforce/.
#pragma once

#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/result.h"
#include "enforce/cgroup_layout.h"

namespace reaper::enforce {

/// The directory of the group that a process is in now; empty where that cannot be told, or where it is
/// outside of what is mounted.
std::string cgroup_directory_of(const CgroupHierarchy& hierarchy, pid_t pid);

/// The processes in a group. A pid that is given to another while the list is read is noticed: what is
/// told was in the group.
Result<std::vector<ProcessId>> members_of_cgroup(const CgroupHierarchy& hierarchy,
                                                 const std::string& directory);

/// Moves it. False where it has ended: no error. An Error where it may not be moved, or where another
/// process had got its pid (which then is back where its parent is).
Result<bool> move_to_cgroup(const CgroupHierarchy& hierarchy, const std::string& directory,
                            ProcessId id);

/// What move_to_cgroup() does after the write, if the process is gone then: takes a stranger that has
/// its pid now out of the group again, with its children. False where there is none.
Result<bool> take_back_stranger(const CgroupHierarchy& hierarchy, const std::string& directory,
                                ProcessId id);

}  // namespace reaper::enforce
