// Cages: a cgroup of its own for a server, to throttle it, to freeze it, or so that nothing it forks
// while it is ended can get away.
//
// Two real backends, chosen by what the host is (choose_cages): systemd's transient scopes, where
// systemd rules the cgroups, and libcgroup's groups below mcp-reaper/ of the mounted hierarchies where
// it does not. A process that was put into a cage is never moved back: release lifts limits and thaws.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/process_id.h"
#include "base/result.h"
#include "enforce/cage_limits.h"
#include "scan/server.h"

namespace reaper::enforce {

/// A cage's own name, which says whose it is: "mcp-reaper-playwright-4711-79231" (type, pid and start
/// time of the server; the type cut to [a-z0-9_] and 40 bytes). Also the undo journal's.
std::string cage_name(const scan::Server& server);
/// The same for a server that is not there yet: of the guard that will start it.
std::string cage_name(std::string_view type, ProcessId id);

/// The server that a cage was made for; nothing where the name is none of ours.
std::optional<ProcessId> server_of_cage(std::string_view name);

struct CageAbilities {
    std::string backend;   ///< "systemd (system manager)", "libcgroup (cgroup v1)" …; empty: none.
    std::string why_none;  ///< Where there is none: why, and what to do about it.
    bool cpu_quota = false;
    bool cpu_weight = false;
    bool memory = false;
    bool pids = false;
    bool freeze = false;
};

/// One of the backends. All that fails says what and why; what has half succeeded is read back and
/// undone. Calls block, systemd's for at most a few seconds in all.
class Cages {
  public:
    virtual ~Cages() = default;

    [[nodiscard]] virtual CageAbilities abilities() const = 0;

    /// Makes the cage and puts these processes into it, with all their threads, without limits. `uid` is
    /// the server's user: in that user's slice. Each process is verified before and after it is moved;
    /// one that has gone is no error. An existing cage of that name is used. Where a process may not be
    /// moved none stays moved as far as that can be done, and the Error says which and why.
    virtual Result<void> put(const std::string& cage, uid_t uid,
                             std::span<const ProcessId> processes) = 0;

    /// Sets these limits and lifts all others; read back.
    virtual Result<void> limit(const std::string& cage, const CageLimits& limits) = 0;

    /// Stops or continues all that is in it; returns when the kernel says so (at most about a second).
    /// Fails with ETIMEDOUT as errno_code where somebody in it went on.
    virtual Result<void> freeze(const std::string& cage, bool frozen) = 0;

    /// What is in it now, as far as it has not ended. Empty where there is no such cage.
    virtual Result<std::vector<ProcessId>> processes(const std::string& cage) = 0;

    /// The cages of ours that exist now.
    virtual Result<std::vector<std::string>> list() = 0;

    /// Removes it if it is empty; no error where it is not, or is gone already.
    virtual Result<void> remove(const std::string& cage) = 0;
};

/// The backend for what this host is and who we are; never null: one without abilities refuses
/// everything with the reason.
std::unique_ptr<Cages> choose_cages();

}  // namespace reaper::enforce
