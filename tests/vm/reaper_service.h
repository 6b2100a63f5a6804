// Our own service, run by systemd in the guest by the unit as it is shipped; only its CPU quota is
// lifted: the guest is some ten times slower than what that is meant for.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "guest.h"
#include "manager_bus.h"

namespace reaper::vm {

using nlohmann::json;

inline constexpr const char* kReaperUnit = "mcp-reaper.service";

/// The program and its unit, where a package would put them: while one of these lives, that manager
/// knows the unit.
class InstalledUnit {
  public:
    explicit InstalledUnit(Manager manager);
    InstalledUnit(const InstalledUnit&) = delete;
    InstalledUnit& operator=(const InstalledUnit&) = delete;
    ~InstalledUnit();

  private:
    Manager manager_;
};

/// The system service with a policy of a test's. It is ready when there is one of these. A start of it
/// takes seconds in the guest: it runs on for the next test, if that is of the same suite.
class ReaperService {
  public:
    /// `drop_in` are more lines for the section [Service] of its unit.
    explicit ReaperService(const std::string& policy, const std::string& drop_in = "");
    ReaperService(const ReaperService&) = delete;
    ReaperService& operator=(const ReaperService&) = delete;
    ~ReaperService();

    [[nodiscard]] pid_t main_pid();
    /// Of systemd: "ActiveEnterTimestampMonotonic" …, on the clock of monotonic_now().
    [[nodiscard]] std::chrono::microseconds time(const char* interface, const char* property);

    /// As an editor does.
    static void save_policy(const std::string& text);
    /// systemctl reload; whether that went well.
    bool reload() { return bus_.reload_unit(kReaperUnit); }
    void stop() { bus_.stop(kReaperUnit); }
    /// Waits until another main process than that one is ready.
    bool await_successor(pid_t of);

    /// `mcp-reaper status --json`
    static json status();
    ManagerBus& bus() { return bus_; }

  private:
    ManagerBus bus_{Manager::system};
    bool as_shipped_;  ///< Without a drop-in.
};

std::chrono::microseconds monotonic_now();

/// A figure for people: in the test's output, where run.sh finds it, and among its properties.
void tell_figure(const std::string& what, std::chrono::microseconds time);

}  // namespace reaper::vm
