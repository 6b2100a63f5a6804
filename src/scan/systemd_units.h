// Whether a process is the main process of a systemd unit: asked of the system's manager or, for what
// runs below a user's own manager, of that one.
//
// Internal to scan/.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scan/systemd_bus.h"

namespace reaper::scan {

/// Connects when first asked, keeps the connection, and spends at most `patience` on waiting in its
/// whole life: lives as long as one sample.
class SystemdUnits {
  public:
    explicit SystemdUnits(SystemdPlaces places = {},
                          std::chrono::milliseconds patience = std::chrono::milliseconds(500));
    ~SystemdUnits();
    SystemdUnits(const SystemdUnits&) = delete;
    SystemdUnits& operator=(const SystemdUnits&) = delete;

    /// The name of the unit whose main process this is; "" where it certainly is none; nothing where
    /// it cannot be told (no answer in time, another user's manager, no permission).
    std::optional<std::string> main_of_unit(pid_t pid, std::string_view cgroup);

    /// Whether all of the patience is spent: what was not told then may be told with more.
    [[nodiscard]] bool out_of_patience() const { return left().count() <= 0; }

  private:
    struct Unit {
        std::string name;
        pid_t main = 0;
    };

    std::optional<Unit> ask(pid_t pid, std::optional<uid_t> manager_of);
    sd_bus* manager(std::optional<uid_t> manager_of);
    Bus connect(const std::string& path, bool through_bus);
    static Message new_call(sd_bus* bus, const char* path, const char* interface, const char* member);
    Message property(sd_bus* bus, const char* path, const char* interface, const char* name);
    Message call(sd_bus* bus, sd_bus_message* request);
    [[nodiscard]] std::chrono::microseconds left() const;

    SystemdPlaces places_;
    std::chrono::microseconds patience_;
    std::chrono::microseconds spent_{0};
    std::map<std::optional<uid_t>, Bus>
        managers_;  ///< By user; the system's under nullopt. May be null.
    std::map<std::string, std::optional<Unit>, std::less<>> units_;  ///< By cgroup.
};

/// The innermost unit that a cgroup path belongs to ("user@1000.service" holds the units of a user's
/// own manager, which are further in), and whose manager has it.
struct UnitOfCgroup {
    std::string name;  ///< "foo.service"; empty where the path is in no unit.
    std::optional<uid_t> manager_of;
};
UnitOfCgroup unit_of_cgroup(std::string_view cgroup);

}  // namespace reaper::scan
