#include "scan/systemd_units.h"

#include <systemd/sd-bus.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>

namespace reaper::scan {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kService = ".service";

/// Adds the time of a scope to `spent`.
class Stopwatch {
  public:
    explicit Stopwatch(std::chrono::microseconds& spent) : spent_(spent) {}
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;
    ~Stopwatch() {
        spent_ += std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start_);
    }

  private:
    std::chrono::microseconds& spent_;
    Clock::time_point start_ = Clock::now();
};

/// "user@1000.service" -> 1000
std::optional<uid_t> user_of_manager(std::string_view unit) {
    constexpr std::string_view kPrefix = "user@";
    if (!unit.starts_with(kPrefix) || !unit.ends_with(kService)) return std::nullopt;
    const char* const end = unit.data() + unit.size() - kService.size();
    uid_t uid = 0;
    const auto parsed = std::from_chars(unit.data() + kPrefix.size(), end, uid);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return uid;
}

}  // namespace

UnitOfCgroup unit_of_cgroup(std::string_view cgroup) {
    UnitOfCgroup unit;
    while (!cgroup.empty()) {
        const std::size_t end = std::min(cgroup.find('/'), cgroup.size());
        const std::string_view part = cgroup.substr(0, end);
        cgroup.remove_prefix(std::min(end + 1, cgroup.size()));
        if (!part.ends_with(kService) && !part.ends_with(".scope")) continue;
        // What is further in than a user's manager is that manager's.
        if (const auto user = user_of_manager(unit.name); user && !unit.manager_of)
            unit.manager_of = user;
        unit.name = part;
    }
    return unit;
}

SystemdUnits::SystemdUnits(SystemdPlaces places, std::chrono::milliseconds patience)
    : places_(std::move(places)), patience_(patience) {}

SystemdUnits::~SystemdUnits() = default;

std::optional<std::string> SystemdUnits::main_of_unit(pid_t pid, std::string_view cgroup) {
    if (::access(places_.booted.c_str(), F_OK) != 0) return "";
    if (cgroup.empty()) return std::nullopt;
    const UnitOfCgroup named = unit_of_cgroup(cgroup);
    if (!named.name.ends_with(".service")) return "";  // A scope or slice has no main process.
    auto known = units_.find(cgroup);
    if (known == units_.end()) {
        known = units_.emplace(std::string(cgroup), ask(pid, named.manager_of)).first;
    }
    const std::optional<Unit>& unit = known->second;
    if (!unit) return std::nullopt;
    return unit->main == pid ? unit->name : "";
}

std::optional<SystemdUnits::Unit> SystemdUnits::ask(pid_t pid, std::optional<uid_t> manager_of) {
    sd_bus* const bus = manager(manager_of);
    if (bus == nullptr) return std::nullopt;
    const Message request =
        new_call(bus, kSystemdPath, "org.freedesktop.systemd1.Manager", "GetUnitByPID");
    if (!request || sd_bus_message_append(request.get(), "u", static_cast<std::uint32_t>(pid)) < 0) {
        return std::nullopt;
    }
    const Message found = call(bus, request.get());
    const char* path = nullptr;
    if (!found || sd_bus_message_read(found.get(), "o", &path) < 0) return std::nullopt;

    const Message id = property(bus, path, "org.freedesktop.systemd1.Unit", "Id");
    const char* name = nullptr;
    if (!id || sd_bus_message_read(id.get(), "v", "s", &name) < 0) return std::nullopt;
    Unit unit{.name = name, .main = 0};
    if (!unit.name.ends_with(".service")) return unit;

    const Message main = property(bus, path, "org.freedesktop.systemd1.Service", "MainPID");
    std::uint32_t main_pid = 0;
    if (!main || sd_bus_message_read(main.get(), "v", "u", &main_pid) < 0) return std::nullopt;
    unit.main = static_cast<pid_t>(main_pid);
    return unit;
}

Message SystemdUnits::new_call(sd_bus* bus, const char* path, const char* interface,
                               const char* member) {
    sd_bus_message* message = nullptr;
    if (sd_bus_message_new_method_call(bus, &message, kSystemdName, path, interface, member) < 0)
        return nullptr;
    return Message(message);
}

Message SystemdUnits::property(sd_bus* bus, const char* path, const char* interface, const char* name) {
    const Message request = new_call(bus, path, "org.freedesktop.DBus.Properties", "Get");
    if (!request || sd_bus_message_append(request.get(), "ss", interface, name) < 0) return nullptr;
    return call(bus, request.get());
}

Message SystemdUnits::call(sd_bus* bus, sd_bus_message* request) {
    const auto patience = left();
    if (patience.count() <= 0) return nullptr;  // 0 would mean sd-bus's own 25 s.
    const Stopwatch stopwatch(spent_);
    sd_bus_message* reply = nullptr;
    if (sd_bus_call(bus, request, static_cast<std::uint64_t>(patience.count()), nullptr, &reply) < 0) {
        return nullptr;
    }
    return Message(reply);
}

sd_bus* SystemdUnits::manager(std::optional<uid_t> manager_of) {
    const auto known = managers_.find(manager_of);
    if (known != managers_.end()) return known->second.get();
    Bus bus;
    if (!manager_of) {
        bus = connect(places_.system_private, false);  // Root only.
        if (!bus) bus = connect(places_.system_bus, true);
    } else {
        // Another user's directory lets nobody but root in.
        const std::string directory = places_.user_directory + '/' + std::to_string(*manager_of);
        bus = connect(directory + "/systemd/private", false);
        if (!bus) bus = connect(directory + "/bus", true);
    }
    return managers_.emplace(manager_of, std::move(bus)).first->second.get();
}

Bus SystemdUnits::connect(const std::string& path, bool through_bus) {
    const Stopwatch stopwatch(spent_);
    return connect_bus(path, through_bus, left());
}

std::chrono::microseconds SystemdUnits::left() const {
    return patience_ - spent_;
}

}  // namespace reaper::scan
