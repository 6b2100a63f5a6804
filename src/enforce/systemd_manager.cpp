#include "enforce/systemd_manager.h"

#include <poll.h>
#include <systemd/sd-bus.h>

#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace reaper::enforce {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr microseconds kPatience = std::chrono::seconds(3);  // For one call, and for one job.
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";

std::string path_of(const std::string& unit) {
    char* raw = nullptr;
    if (sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &raw) < 0) return {};
    const std::unique_ptr<char, decltype(&std::free)> path(raw, std::free);
    return path.get();
}

int append_pids(sd_bus_message* message, std::span<const pid_t> pids) {
    std::vector<std::uint32_t> numbers(pids.begin(), pids.end());
    return sd_bus_message_append_array(message, 'u', numbers.data(),
                                       numbers.size() * sizeof(std::uint32_t));
}

/// PIDs=: an array in a variant in a struct.
int append_pids_property(sd_bus_message* message, std::span<const pid_t> pids) {
    int r = sd_bus_message_open_container(message, 'r', "sv");
    if (r >= 0) r = sd_bus_message_append(message, "s", "PIDs");
    if (r >= 0) r = sd_bus_message_open_container(message, 'v', "au");
    if (r >= 0) r = append_pids(message, pids);
    if (r >= 0) r = sd_bus_message_close_container(message);
    if (r >= 0) r = sd_bus_message_close_container(message);
    return r;
}

int append_scope(sd_bus_message* message, const std::string& unit, const std::string& slice,
                 std::span<const pid_t> pids) {
    int r = sd_bus_message_append(message, "ss", unit.c_str(), "fail");
    if (r >= 0) r = sd_bus_message_open_container(message, 'a', "(sv)");
    if (r >= 0) {
        // Delegated without controllers: only such units take processes later (AttachProcessesToUnit).
        r = sd_bus_message_append(message, "(sv)(sv)(sv)(sv)", "Description", "s",
                                  "MCP server in a cage of mcp-reaper", "Slice", "s", slice.c_str(),
                                  "CollectMode", "s", "inactive-or-failed", "DelegateControllers", "as",
                                  0);
    }
    if (r >= 0) r = append_pids_property(message, pids);
    if (r >= 0) r = sd_bus_message_close_container(message);
    if (r >= 0) r = sd_bus_message_append(message, "a(sa(sv))", 0);
    return r;
}

int append_limits(sd_bus_message* message, const std::string& unit, const CageLimits& limits) {
    constexpr std::uint64_t kInfinity = UINT64_MAX;  // Of a weight: not set.
    // Of one second.
    const std::uint64_t quota =
        limits.cpu ? static_cast<std::uint64_t>(std::llround(limits.cpu->value * 10'000)) : kInfinity;
    const std::uint64_t weight = limits.cpu_weight ? *limits.cpu_weight : kInfinity;
    const std::uint64_t memory = limits.memory_max ? limits.memory_max->value : kInfinity;
    const std::uint64_t tasks = limits.pids_max ? *limits.pids_max : kInfinity;
    return sd_bus_message_append(message, "sba(sv)", unit.c_str(), 1, 4, "CPUQuotaPerSecUSec", "t",
                                 quota, "CPUWeight", "t", weight, "MemoryMax", "t", memory, "TasksMax",
                                 "t", tasks);
}

}  // namespace

Result<SystemdManager> SystemdManager::connect(const scan::SystemdPlaces& places, uid_t uid) {
    const std::string user = places.user_directory + '/' + std::to_string(uid);
    const std::string own = uid == 0 ? places.system_private : user + "/systemd/private";
    scan::Bus bus = scan::connect_bus(own, false, kPatience);
    if (!bus) bus = scan::connect_bus(uid == 0 ? places.system_bus : user + "/bus", true, kPatience);
    if (bus) return SystemdManager(std::move(bus));
    if (uid == 0) return fail("reach systemd", own, "it does not answer");
    return fail("reach the systemd manager of user", std::to_string(uid),
                "none runs (loginctl enable-linger, as root, starts one)");
}

Result<void> SystemdManager::start_scope(const std::string& unit, const std::string& slice,
                                         std::span<const pid_t> pids) {
    const auto started = call("StartTransientUnit", unit, [&](sd_bus_message* message) {
        return append_scope(message, unit, slice, pids);
    });
    if (!started) return tl::unexpected(started.error());
    const auto deadline = Clock::now() + kPatience;
    for (;; ::poll(nullptr, 0, 2)) {
        const auto state = state_of(unit);
        if (!state) return tl::unexpected(state.error());
        if (*state == "active") return {};
        if (*state == "failed") return fail("start the scope", unit, "systemd says that it failed");
        if (Clock::now() > deadline)
            return fail("start the scope", unit, "it is " + *state + " after 3 s");
    }
}

Result<void> SystemdManager::attach(const std::string& unit, std::span<const pid_t> pids) {
    const auto done = call("AttachProcessesToUnit", unit, [&](sd_bus_message* message) {
        const int r = sd_bus_message_append(message, "ss", unit.c_str(), "");
        return r < 0 ? r : append_pids(message, pids);
    });
    if (!done) return tl::unexpected(done.error());
    return {};
}

Result<void> SystemdManager::set_limits(const std::string& unit, const CageLimits& limits) {
    const auto done = call("SetUnitProperties", unit, [&](sd_bus_message* message) {
        return append_limits(message, unit, limits);
    });
    if (!done) return tl::unexpected(done.error());
    return {};
}

Result<void> SystemdManager::freeze(const std::string& unit, bool frozen) {
    const auto done = call(frozen ? "FreezeUnit" : "ThawUnit", unit, [&](sd_bus_message* message) {
        return sd_bus_message_append(message, "s", unit.c_str());
    });
    if (!done) return tl::unexpected(done.error());
    return {};
}

Result<std::string> SystemdManager::cgroup_of(const std::string& unit) {
    return text_property(path_of(unit), "org.freedesktop.systemd1.Scope", "ControlGroup");
}

Result<std::string> SystemdManager::own_cgroup() {
    return text_property(scan::kSystemdPath, kManager, "ControlGroup");
}

Result<std::string> SystemdManager::state_of(const std::string& unit) {
    return text_property(path_of(unit), "org.freedesktop.systemd1.Unit", "ActiveState");
}

Result<std::vector<std::string>> SystemdManager::units(const std::string& pattern) {
    const auto reply = call("ListUnitsByPatterns", pattern, [&](sd_bus_message* message) {
        return sd_bus_message_append(message, "asas", 0, 1, pattern.c_str());
    });
    if (!reply) return tl::unexpected(reply.error());
    std::vector<std::string> names;
    sd_bus_message* const message = reply->get();
    int r = sd_bus_message_enter_container(message, 'a', "(ssssssouso)");
    while (r > 0) {
        const char* name = nullptr;
        r = sd_bus_message_enter_container(message, 'r', "ssssssouso");
        if (r <= 0) break;
        r = sd_bus_message_read(message, "s", &name);
        if (r > 0) names.emplace_back(name);
        if (r > 0) r = sd_bus_message_skip(message, "sssssouso");
        if (r >= 0) r = sd_bus_message_exit_container(message);
    }
    if (r < 0) return fail_errno("list the units", pattern, -r);
    return names;
}

Result<scan::Message> SystemdManager::call(const char* method, const std::string& unit,
                                           const Append& append) {
    sd_bus_message* raw = nullptr;
    int r = sd_bus_message_new_method_call(bus_.get(), &raw, scan::kSystemdName, scan::kSystemdPath,
                                           kManager, method);
    scan::Message request(raw);
    if (r >= 0) r = append(request.get());
    if (r < 0) return fail_errno(std::string("ask systemd for ") + method + " of", unit, -r);
    return send(std::move(request), method, unit);
}

Result<scan::Message> SystemdManager::send(scan::Message request, const char* method,
                                           const std::string& unit) {
    struct Reply {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Reply() = default;
        Reply(const Reply&) = delete;
        Reply& operator=(const Reply&) = delete;
        ~Reply() { sd_bus_error_free(&error); }
    } reply;
    sd_bus_message* raw = nullptr;
    const int r = sd_bus_call(bus_.get(), request.get(), static_cast<std::uint64_t>(kPatience.count()),
                              &reply.error, &raw);
    if (r >= 0) return scan::Message(raw);
    const std::string action = std::string("ask systemd for ") + method + " of";
    if (reply.error.message == nullptr) return fail_errno(action, unit, -r);
    return tl::unexpected(Error{action, unit, std::string("systemd: ") + reply.error.message, -r});
}

Result<std::string> SystemdManager::text_property(const std::string& path, const char* interface,
                                                  const char* name) {
    sd_bus_message* raw = nullptr;
    int r = sd_bus_message_new_method_call(bus_.get(), &raw, scan::kSystemdName, path.c_str(),
                                           "org.freedesktop.DBus.Properties", "Get");
    scan::Message request(raw);
    if (r >= 0) r = sd_bus_message_append(request.get(), "ss", interface, name);
    if (r < 0) return fail_errno(std::string("ask systemd for ") + name + " of", path, -r);
    const auto reply = send(std::move(request), name, path);
    if (!reply) return tl::unexpected(reply.error());
    const char* text = nullptr;
    r = sd_bus_message_read(reply->get(), "v", "s", &text);
    if (r < 0) return fail_errno(std::string("read ") + name + " of", path, -r);
    return std::string(text);
}

}  // namespace reaper::enforce
