#include "enforce/cgroup_move.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "enforce/cgroup_group.h"
#include "scan/proc_text.h"
#include "scan/process_dir.h"

namespace reaper::enforce {
namespace {

std::optional<scan::StatText> stat_of(pid_t pid) {
    const auto text = read_cgroup_file("/proc/" + std::to_string(pid) + "/stat");
    return text ? scan::parse_stat(*text) : std::nullopt;
}

Result<void> write_pid(const std::string& directory, pid_t pid) {
    return write_cgroup_file(directory + "/cgroup.procs", std::to_string(pid));
}

/// What it has forked in the meantime is in the group as well, and no more ours than itself.
void take_back_children(const std::string& directory, const std::string& home, pid_t stranger) {
    std::vector<pid_t> strangers{stranger};
    for (std::size_t known = 0; known != strangers.size();) {
        known = strangers.size();
        const auto pids = pids_in_cgroup(directory);
        if (!pids) return;
        for (const pid_t pid : *pids) {
            const auto stat = stat_of(pid);
            if (!stat ||
                std::find(strangers.begin(), strangers.end(), stat->parent) == strangers.end()) {
                continue;
            }
            if (write_pid(home, pid)) strangers.push_back(pid);
        }
    }
}

tl::unexpected<Error> not_moved(ProcessId id, const std::string& directory, const Error& why) {
    return tl::unexpected(
        Error{"move process " + id.text() + " to", directory, why.reason, why.errno_code});
}

}  // namespace

std::string cgroup_directory_of(const CgroupHierarchy& hierarchy, pid_t pid) {
    const auto text = read_cgroup_file("/proc/" + std::to_string(pid) + "/cgroup");
    return text ? cgroup_directory(hierarchy, cgroup_in(hierarchy, *text)) : "";
}

Result<std::vector<ProcessId>> members_of_cgroup(const CgroupHierarchy& hierarchy,
                                                 const std::string& directory) {
    const auto pids = pids_in_cgroup(directory);
    if (!pids) return tl::unexpected(pids.error());
    std::vector<ProcessId> members;
    for (const pid_t pid : *pids) {
        const auto before = stat_of(pid);
        if (!before || cgroup_directory_of(hierarchy, pid) != directory) continue;
        const auto after = stat_of(pid);
        if (after && after->start == before->start) members.push_back({pid, before->start});
    }
    return members;
}

Result<bool> move_to_cgroup(const CgroupHierarchy& hierarchy, const std::string& directory,
                            ProcessId id) {
    const auto process = scan::ProcessDir::open(id);
    if (!process && scan::says_gone(process.error())) return false;
    if (!process) return tl::unexpected(process.error());
    const auto written = write_pid(directory, id.pid);
    const auto after = process->stat();
    if (!after && scan::says_gone(after.error())) {
        const auto stranger = take_back_stranger(hierarchy, directory, id);
        if (!stranger) return tl::unexpected(stranger.error());
        if (*stranger) {
            return fail("move process " + id.text() + " to", directory,
                        "it ended, and another process had its pid at once; that one was moved back");
        }
        return false;
    }
    if (!after) return tl::unexpected(after.error());
    if (cgroup_directory_of(hierarchy, id.pid) == directory) return true;
    if (after->state == 'Z' || after->state == 'X') return false;
    if (!written) return not_moved(id, directory, written.error());
    const auto now = process->stat();
    if (!now || now->state == 'Z' || now->state == 'X') return false;  // Ended just now.
    return fail("move process " + id.text() + " to", directory,
                "the kernel took the order, but the process is not there");
}

Result<bool> take_back_stranger(const CgroupHierarchy& hierarchy, const std::string& directory,
                                ProcessId id) {
    const auto stranger = stat_of(id.pid);
    if (!stranger || stranger->start == id.start) return false;
    if (cgroup_directory_of(hierarchy, id.pid) != directory) return false;
    const std::string home = cgroup_directory_of(hierarchy, stranger->parent);
    if (home == directory) return false;  // A child of the cage's own: it was born there.
    const ProcessId who{.pid = id.pid, .start = stranger->start};
    if (home.empty()) {
        return fail("move process " + who.text() + " out of", directory,
                    "it had got the pid of " + id.text() + ", and its parent's group is not to be seen");
    }
    const auto moved = write_pid(home, id.pid);
    if (!moved && moved.error().errno_code != ESRCH) return not_moved(who, home, moved.error());
    take_back_children(directory, home, id.pid);
    return true;
}

}  // namespace reaper::enforce
