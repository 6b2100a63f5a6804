#include "reaper_service.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iostream>
#include <string_view>
#include <utility>

namespace reaper::vm {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* kProgram = "/usr/bin/mcp-reaper";
constexpr const char* kShared = "/usr/share/mcp-reaper";
constexpr const char* kPolicies = "/etc/mcp-reaper";

std::string units_of(Manager manager) {
    return manager == Manager::system ? "/run/systemd/system/" : "/run/systemd/user/";
}

std::string shipped_unit(Manager manager) {
    return std::string(REAPER_SOURCE_DIR "/systemd/") + (manager == Manager::system ? "" : "user/") +
           kReaperUnit;
}

void install_unit(Manager manager, const std::string& drop_in) {
    fs::create_directories(kShared);
    for (const auto& [target, link] : std::initializer_list<std::pair<const char*, std::string>>{
             {REAPER_BINARY, kProgram},
             {REAPER_SOURCE_DIR "/policies", std::string(kShared) + "/policies"}}) {
        fs::remove(link);
        fs::create_symlink(target, link);
    }
    const std::string unit = units_of(manager) + kReaperUnit, drop_ins = unit + ".d";
    fs::create_directories(drop_ins);
    fs::copy_file(shipped_unit(manager), unit, fs::copy_options::overwrite_existing);
    std::ofstream(drop_ins + "/guest.conf") << "[Service]\nCPUQuota=\n" << drop_in << '\n';
    ManagerBus(manager).reload();
}

void remove_unit(Manager manager) {
    const std::string unit = units_of(manager) + kReaperUnit;
    fs::remove_all(unit + ".d");
    fs::remove(unit);
    fs::remove_all(kShared);
    fs::remove(kProgram);
    // Another connection: the manager may have been started anew.
    ManagerBus(manager).reload();
}

/// Whether the next test is of the suite of this one.
bool suite_goes_on() {
    const char* const next = std::getenv("REAPER_VM_NEXT");
    const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    return next != nullptr &&
           std::string_view(next).starts_with(std::string(test->test_suite_name()) + '.');
}

}  // namespace

InstalledUnit::InstalledUnit(Manager manager) : manager_(manager) {
    install_unit(manager, "");
}

InstalledUnit::~InstalledUnit() {
    remove_unit(manager_);
}

ReaperService::ReaperService(const std::string& policy, const std::string& drop_in)
    : as_shipped_(drop_in.empty()) {
    fs::create_directories(kPolicies);
    save_policy(policy);
    if (as_shipped_ && bus_.text(kReaperUnit, "Unit", "ActiveState") == "active") {
        EXPECT_TRUE(reload());
        return;
    }
    bus_.stop(kReaperUnit);
    install_unit(Manager::system, drop_in);
    bus_.start(kReaperUnit);
}

ReaperService::~ReaperService() {
    if (as_shipped_ && suite_goes_on()) return;
    try {
        stop();
    } catch (const std::runtime_error& error) {
        ADD_FAILURE() << error.what();
    }
    for (const char* directory :
         {kPolicies, "/run/mcp-reaper", "/var/lib/mcp-reaper", "/var/log/mcp-reaper"})
        fs::remove_all(directory);
    remove_unit(Manager::system);
}

pid_t ReaperService::main_pid() {
    return static_cast<pid_t>(bus().number(kReaperUnit, "Service", "MainPID"));
}

std::chrono::microseconds ReaperService::time(const char* interface, const char* property) {
    return std::chrono::microseconds(bus().number(kReaperUnit, interface, property));
}

void ReaperService::save_policy(const std::string& text) {
    const std::string file = std::string(kPolicies) + "/policy.yaml";
    std::ofstream(file + ".new") << text;
    fs::rename(file + ".new", file);
}

bool ReaperService::await_successor(pid_t of) {
    return bus().await(
        [&] {
            const pid_t now = main_pid();
            return now != 0 && now != of && bus().text(kReaperUnit, "Unit", "ActiveState") == "active";
        },
        60s);
}

json ReaperService::status() {
    const Ran ran = run_as_root("mcp-reaper status --json");
    json status = json::parse(ran.output, nullptr, false);
    if (status.is_object()) return status;
    ADD_FAILURE() << "mcp-reaper status said: " << ran.output;
    return json::object();
}

std::chrono::microseconds monotonic_now() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return std::chrono::seconds(now.tv_sec) +
           std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(now.tv_nsec));
}

void tell_figure(const std::string& what, std::chrono::microseconds time) {
    char text[32];
    std::snprintf(text, sizeof text, "%.2f s", std::chrono::duration<double>(time).count());
    std::cout << "figure: " << what << ": " << text << '\n';
    ::testing::Test::RecordProperty(what, text);
}

}  // namespace reaper::vm
