#include <pwd.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "enforce/kernel_probes.h"

namespace reaper::enforce {
namespace {

struct CloseBus {
    void operator()(sd_bus* bus) const { sd_bus_flush_close_unref(bus); }
};
using Bus = std::unique_ptr<sd_bus, CloseBus>;

constexpr std::uint64_t kPatience = 1'000'000;  ///< Microseconds.

/// `open` is sd_bus_open_system or sd_bus_open_user.
Tried ask_version(int (*open)(sd_bus**)) {
    sd_bus* raw = nullptr;
    if (const int code = open(&raw); code < 0) return Tried::failed(-code);
    const Bus bus(raw);
    sd_bus_set_method_call_timeout(bus.get(), kPatience);
    char* version = nullptr;
    const int code =
        sd_bus_get_property_string(bus.get(), "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                                   "org.freedesktop.systemd1.Manager", "Version", nullptr, &version);
    std::free(version);
    return code >= 0 ? Tried::fine() : Tried::failed(-code);
}

/// loginctl enable-linger leaves a file of the user's name.
std::optional<bool> lingers(uid_t uid) {
    const passwd* const user = ::getpwuid(uid);
    if (user == nullptr) return std::nullopt;
    return ::access((std::string("/var/lib/systemd/linger/") + user->pw_name).c_str(), F_OK) == 0;
}

}  // namespace

SystemdFacts probe_systemd(uid_t uid) {
    SystemdFacts facts;
    facts.booted = sd_booted() > 0;
    facts.system_manager = Tried::failed("systemd does not run this host");
    facts.user_manager = facts.system_manager;
    if (!facts.booted) return facts;
    facts.system_manager = ask_version(sd_bus_open_system);
    if (uid == 0) {
        facts.user_manager = Tried::failed("root goes through the system's manager");
        return facts;
    }
    facts.user_manager = ask_version(sd_bus_open_user);
    facts.lingering = lingers(uid);
    return facts;
}

}  // namespace reaper::enforce
