// A systemd manager, asked over D-Bus: a `systemctl` costs half a second in the guest, this nearly
// nothing.
#pragma once

#include <systemd/sd-bus.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace reaper::vm {

/// Whose units are meant. The lingerer's manager lets root in, as it lets in its user.
enum class Manager { system, lingerer };

/// All of it throws std::runtime_error where the manager does not answer as it should.
class ManagerBus {
  public:
    explicit ManagerBus(Manager manager);

    /// Starts a service of Type=exec, and returns when its program runs. systemd forgets it at its end.
    void start_service(const std::string& unit, const std::vector<std::string>& argv,
                       const std::map<std::string, std::string>& environment = {});

    /// Starts a unit that there is, and returns when it has started; one of Type=oneshot when it is
    /// done.
    void start(const std::string& unit);

    /// Returns when it has stopped. A unit that is not there is stopped.
    void stop(const std::string& unit);

    /// Returns when it has stopped, if it ran, and has started again.
    void restart(const std::string& unit);

    /// As `systemctl reload`: whether the unit says that it has done so.
    bool reload_unit(const std::string& unit);

    /// Waits until that is so of a unit: asked now, and whenever the manager says that something has
    /// changed. False where it is not so in time.
    bool await(const std::function<bool()>& condition, std::chrono::seconds within);

    /// As `systemctl daemon-reload`.
    void reload();

    /// A property of a unit. `interface` is "Unit", "Service", "Scope" or "Slice".
    std::string text(const std::string& unit, const char* interface, const char* property);
    std::uint64_t number(const std::string& unit, const char* interface, const char* property);

  private:
    struct Close {
        void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
    };
    struct Unref {
        void operator()(sd_bus_message* message) const { sd_bus_message_unref(message); }
    };
    using Message = std::unique_ptr<sd_bus_message, Unref>;

    Message new_call(const char* member);
    Message call(const Message& request);
    Message property(const std::string& unit, const char* interface, const char* name);
    std::string result_of(const Message& job);
    std::string run_job(const char* member, const std::string& unit);

    std::unique_ptr<sd_bus, Close> bus_;
};

}  // namespace reaper::vm
