#include "manager_bus.h"

#include <cstring>
#include <stdexcept>
#include <string_view>

#include "guest.h"

namespace reaper::vm {
namespace {

constexpr const char* kName = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kInterface = "org.freedesktop.systemd1.Manager";

void check(int result, const std::string& what) {
    if (result < 0) throw std::runtime_error(what + ": " + std::strerror(-result));
}

/// What became of a job of a unit.
void check(const std::string& unit, const std::string& result) {
    if (result != "done") throw std::runtime_error(unit + ": " + result);
}

}  // namespace

ManagerBus::ManagerBus(Manager manager) {
    // The managers' own sockets: without a bus between, one peer, and so one order of messages.
    const std::string socket =
        manager == Manager::system
            ? "unix:path=/run/systemd/private"
            : "unix:path=/run/user/" + std::to_string(kLingerer.uid) + "/systemd/private";
    sd_bus* bus = nullptr;
    check(sd_bus_new(&bus), "sd_bus_new");
    bus_.reset(bus);
    check(sd_bus_set_address(bus, socket.c_str()), socket);
    check(sd_bus_start(bus), socket);
    call(new_call("Subscribe"));
}

ManagerBus::Message ManagerBus::new_call(const char* member) {
    sd_bus_message* request = nullptr;
    check(sd_bus_message_new_method_call(bus_.get(), &request, kName, kPath, kInterface, member),
          member);
    return Message(request);
}

ManagerBus::Message ManagerBus::call(const Message& request) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* reply = nullptr;
    const int result = sd_bus_call(bus_.get(), request.get(), 0, &error, &reply);
    const std::string why = error.message != nullptr ? error.message : "";
    sd_bus_error_free(&error);
    check(result, std::string(sd_bus_message_get_member(request.get())) + " (" + why + ")");
    return Message(reply);
}

/// "done", or what else became of it.
std::string ManagerBus::result_of(const Message& job) {
    const char* path = nullptr;
    check(sd_bus_message_read(job.get(), "o", &path), "job");
    // JobRemoved has come already, or comes: messages stay queued until they are processed.
    for (;;) {
        sd_bus_message* next = nullptr;
        const int processed = sd_bus_process(bus_.get(), &next);
        check(processed, "sd_bus_process");
        const Message message(next);
        if (processed == 0) {
            check(sd_bus_wait(bus_.get(), UINT64_MAX), "sd_bus_wait");
            continue;
        }
        if (next == nullptr || sd_bus_message_is_signal(next, kInterface, "JobRemoved") <= 0) continue;
        std::uint32_t id = 0;
        const char *removed = nullptr, *unit = nullptr, *result = nullptr;
        check(sd_bus_message_read(next, "uoss", &id, &removed, &unit, &result), "JobRemoved");
        if (std::string_view(removed) == path) return result;
    }
}

/// A job of one unit: "StartUnit" and its like.
std::string ManagerBus::run_job(const char* member, const std::string& unit) {
    const Message request = new_call(member);
    check(sd_bus_message_append(request.get(), "ss", unit.c_str(), "replace"), member);
    return result_of(call(request));
}

bool ManagerBus::await(const std::function<bool()>& condition, std::chrono::seconds within) {
    using std::chrono::steady_clock, std::chrono::microseconds;
    const auto deadline = steady_clock::now() + within;
    while (!condition()) {
        const int processed = sd_bus_process(bus_.get(), nullptr);
        check(processed, "sd_bus_process");
        if (processed > 0) continue;
        const auto left = std::chrono::ceil<microseconds>(deadline - steady_clock::now());
        if (left <= microseconds(0)) return false;
        check(sd_bus_wait(bus_.get(), static_cast<std::uint64_t>(left.count())), "sd_bus_wait");
    }
    return true;
}

void ManagerBus::start_service(const std::string& unit, const std::vector<std::string>& argv,
                               const std::map<std::string, std::string>& environment) {
    const Message message = new_call("StartTransientUnit");
    sd_bus_message* const request = message.get();
    sd_bus_message_append(request, "ss", unit.c_str(), "fail");
    sd_bus_message_open_container(request, 'a', "(sv)");
    sd_bus_message_append(request, "(sv)", "Type", "s", "exec");
    sd_bus_message_append(request, "(sv)", "CollectMode", "s", "inactive-or-failed");

    sd_bus_message_open_container(request, 'r', "sv");
    sd_bus_message_append(request, "s", "Environment");
    sd_bus_message_open_container(request, 'v', "as");
    sd_bus_message_open_container(request, 'a', "s");
    for (const auto& [name, value] : environment) {
        sd_bus_message_append(request, "s", (name + '=' + value).c_str());
    }
    sd_bus_message_close_container(request);
    sd_bus_message_close_container(request);
    sd_bus_message_close_container(request);

    sd_bus_message_open_container(request, 'r', "sv");
    sd_bus_message_append(request, "s", "ExecStart");
    sd_bus_message_open_container(request, 'v', "a(sasb)");
    sd_bus_message_open_container(request, 'a', "(sasb)");
    sd_bus_message_open_container(request, 'r', "sasb");
    sd_bus_message_append(request, "s", argv.at(0).c_str());
    sd_bus_message_open_container(request, 'a', "s");
    for (const std::string& argument : argv) sd_bus_message_append(request, "s", argument.c_str());
    sd_bus_message_close_container(request);
    sd_bus_message_append(request, "b", 0);
    for (int open = 0; open < 5; ++open) sd_bus_message_close_container(request);

    check(sd_bus_message_append(request, "a(sa(sv))", 0), "StartTransientUnit");
    check(unit, result_of(call(message)));
}

void ManagerBus::start(const std::string& unit) {
    check(unit, run_job("StartUnit", unit));
}

void ManagerBus::stop(const std::string& unit) {
    if (text(unit, "Unit", "ActiveState") == "inactive") return;
    check(unit, run_job("StopUnit", unit));
}

void ManagerBus::restart(const std::string& unit) {
    check(unit, run_job("RestartUnit", unit));
}

bool ManagerBus::reload_unit(const std::string& unit) {
    return run_job("ReloadUnit", unit) == "done";
}

void ManagerBus::reload() {
    call(new_call("Reload"));
}

ManagerBus::Message ManagerBus::property(const std::string& unit, const char* interface,
                                         const char* name) {
    char* path = nullptr;
    check(sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit.c_str(), &path), unit);
    const std::unique_ptr<char, decltype(&free)> owned(path, free);
    sd_bus_message* request = nullptr;
    check(sd_bus_message_new_method_call(bus_.get(), &request, kName, path,
                                         "org.freedesktop.DBus.Properties", "Get"),
          unit);
    const Message get(request);
    const std::string full = std::string("org.freedesktop.systemd1.") + interface;
    check(sd_bus_message_append(request, "ss", full.c_str(), name), unit);
    return call(get);
}

std::string ManagerBus::text(const std::string& unit, const char* interface, const char* name) {
    const char* value = nullptr;
    const Message reply = property(unit, interface, name);  // The text lives in it.
    check(sd_bus_message_read(reply.get(), "v", "s", &value), name);
    return value;
}

std::uint64_t ManagerBus::number(const std::string& unit, const char* interface, const char* name) {
    const Message reply = property(unit, interface, name);
    const char* type = nullptr;
    check(sd_bus_message_peek_type(reply.get(), nullptr, &type), name);
    std::uint64_t wide = 0;
    if (std::string_view(type) == "u") {
        std::uint32_t narrow = 0;
        check(sd_bus_message_read(reply.get(), "v", "u", &narrow), name);
        wide = narrow;
    } else {
        check(sd_bus_message_read(reply.get(), "v", "t", &wide), name);
    }
    return wide;
}

}  // namespace reaper::vm
