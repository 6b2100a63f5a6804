// One directory of a cgroup file system: its files, its processes, freezing it.
//
// Internal to enforce/.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace reaper::enforce {

/// Writes a value in one write(2), as cgroup files want it.
Result<void> write_cgroup_file(const std::string& path, const std::string& value);

/// What is in it, without the newline at its end.
Result<std::string> read_cgroup_file(const std::string& path);

/// The processes in it, each once; none where there is no such group. Those that are outside of our
/// pid namespace have no pid here and are left out.
Result<std::vector<pid_t>> pids_in_cgroup(const std::string& directory);

/// Names of its groups.
std::vector<std::string> groups_in_cgroup(const std::string& directory);

/// Makes it; no error where it is there already.
Result<void> make_cgroup(const std::string& directory);

/// Removes it; false where it is not empty. No error where there is none.
Result<bool> remove_cgroup(const std::string& directory);

/// Freezes or thaws the group, by cgroup.freeze (v2) or freezer.state (v1), and waits until the kernel
/// says so. A group that does not freeze within a second is thawed again, and that is an Error.
Result<void> freeze_cgroup(const std::string& directory, bool unified, bool frozen);

}  // namespace reaper::enforce
