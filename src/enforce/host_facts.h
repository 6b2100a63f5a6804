// What this host allows us: privileges, kernel services, cgroups, systemd. For `doctor`.
//
// Everything is tried, on ourselves or on a child of our own, rather than concluded from a version.
// Takes up to about a second; nothing of the host is changed.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "base/units.h"
#include "enforce/cages.h"
#include "enforce/cgroup_layout.h"
#include "enforce/host_text.h"

namespace reaper::enforce {

/// How a try went.
struct Tried {
    bool works = false;
    std::string why_not;  ///< "Operation not permitted"; empty where it works.

    static Tried fine() { return {true, ""}; }
    static Tried failed(std::string why) { return {false, std::move(why)}; }
    /// Its text is strerror(3)'s.
    static Tried failed(int code);
};

struct KernelFacts {
    Tried pidfd_open;
    Tried pidfd_send_signal;
    Tried pidfd_getfd;
    Tried process_mrelease;
    Tried connector;  ///< It has confirmed that it would tell us of forks, execs and exits.
    Tried sock_diag;
};

struct SystemdFacts {
    bool booted = false;            ///< systemd runs this host (sd_booted(3)).
    Tried system_manager;           ///< Answers us.
    Tried user_manager;             ///< Ours; not tried for root.
    std::optional<bool> lingering;  ///< Our manager outlives our sessions; absent for root.
};

struct HostFacts {
    uid_t uid = 0;
    std::optional<Capabilities> capabilities;  ///< Absent where /proc is not to be read.
    std::optional<int> ptrace_scope;           ///< yama's; absent: no yama.
    std::string hidepid;                       ///< "0", "invisible" …: of what is mounted on /proc.
    KernelFacts kernel;
    CgroupLayout cgroups;
    CageAbilities cages;
    SystemdFacts systemd;
    std::optional<Bytes> swap;  ///< Its size; absent where it cannot be told.
    Tried psi;                  ///< /proc/pressure/memory
};

HostFacts read_host_facts();

/// Whether files can be made in `directory`, or in the nearest one above it that exists.
Tried can_make_files(const std::string& directory);

}  // namespace reaper::enforce
