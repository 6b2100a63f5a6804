// Which cgroup hierarchies this host has mounted, and what can be done in them: v1 hierarchies with
// their controllers, the unified one (v2), both (hybrid) or none.
//
// Parsing is pure; read_cgroup_layout() asks /proc. For choosing a cage and for `doctor`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reaper::enforce {

/// One mounted hierarchy.
struct CgroupHierarchy {
    std::string mount;       ///< Where: "/sys/fs/cgroup/cpu,cpuacct".
    std::string root = "/";  ///< Which part of it is mounted there: "/docker/0123" in a v1 container.
    bool unified = false;    ///< cgroup v2.
    bool read_only = false;  ///< As containers have it.
    /// v1: "cpu", "cpuacct", or "name=systemd". v2: what its root offers (cgroup.controllers).
    std::vector<std::string> controllers{};

    [[nodiscard]] bool has(std::string_view controller) const;
    bool operator==(const CgroupHierarchy&) const = default;
};

enum class CgroupKind {
    none,
    v1,
    hybrid,  ///< v1 controllers and a cgroup2 mount, which may have controllers of its own or none.
    v2,
};
/// "none", "v1", "hybrid", "v2"
std::string_view to_string(CgroupKind kind);

struct CgroupLayout {
    std::vector<CgroupHierarchy> hierarchies;  ///< Each once, at its best mount point.
    /// Controllers that the kernel has and that are switched off (cgroup_disable=memory).
    std::vector<std::string> disabled;

    [[nodiscard]] CgroupKind kind() const;
    /// The hierarchy that has this controller, or null.
    [[nodiscard]] const CgroupHierarchy* with(std::string_view controller) const;
    /// The cgroup2 mount, or null.
    [[nodiscard]] const CgroupHierarchy* unified() const;

    bool operator==(const CgroupLayout&) const = default;
};

/// From the texts of /proc/self/mountinfo and /proc/cgroups (either may be empty); the unified
/// hierarchy's controllers are not in them. A mount that another one hides does not count; of several
/// of one hierarchy the writable one does, then the one that shows most of it.
CgroupLayout parse_cgroup_layout(std::string_view mountinfo, std::string_view cgroups);

/// What is mounted now, with the unified hierarchy's controllers. Empty where /proc is not to be read.
CgroupLayout read_cgroup_layout();

/// The path in `hierarchy` out of the text of a /proc/PID/cgroup ("/user.slice/x"); empty where the
/// text has none.
std::string cgroup_in(const CgroupHierarchy& hierarchy, std::string_view proc_cgroup);

/// The directory of that path; empty where it is outside of what is mounted.
std::string cgroup_directory(const CgroupHierarchy& hierarchy, std::string_view path);

}  // namespace reaper::enforce
