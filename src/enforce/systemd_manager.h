// What cages need of a systemd manager, over D-Bus.
//
// A connection is for one piece of work: a manager sends its signals to all who are connected to its
// private socket, asked for or not, and would have to keep them for one that does not read them. It also
// survives neither daemon-reexec nor a new login.
//
// Internal to enforce/.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "enforce/cage_limits.h"
#include "scan/systemd_bus.h"

namespace reaper::enforce {

class SystemdManager {
  public:
    /// The system's manager for root, the user's own for anybody else.
    static Result<SystemdManager> connect(const scan::SystemdPlaces& places, uid_t uid);

    /// Starts a scope of these processes in that slice; returns when it is active.
    Result<void> start_scope(const std::string& unit, const std::string& slice,
                             std::span<const pid_t> pids);
    /// Moves them into a scope that is active.
    Result<void> attach(const std::string& unit, std::span<const pid_t> pids);

    /// Sets these limits and lifts all others.
    Result<void> set_limits(const std::string& unit, const CageLimits& limits);
    Result<void> freeze(const std::string& unit, bool frozen);

    /// The unit's cgroup; empty where there is no such unit or it has no processes.
    Result<std::string> cgroup_of(const std::string& unit);
    /// The manager's own: all of its units are below it.
    Result<std::string> own_cgroup();
    /// "active", "inactive" (also where there is no such unit), "failed" …
    Result<std::string> state_of(const std::string& unit);
    /// Names of the loaded units that fit a shell pattern.
    Result<std::vector<std::string>> units(const std::string& pattern);

  private:
    using Append = std::function<int(sd_bus_message*)>;
    explicit SystemdManager(scan::Bus bus) : bus_(std::move(bus)) {}

    /// Calls a method of the manager's. The Error names `unit`.
    Result<scan::Message> call(const char* method, const std::string& unit, const Append& append);
    Result<scan::Message> send(scan::Message request, const char* method, const std::string& unit);
    Result<std::string> text_property(const std::string& path, const char* interface, const char* name);

    scan::Bus bus_;
};

}  // namespace reaper::enforce
