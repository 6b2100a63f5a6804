// No systemd runs where unit tests do: a manager that answers the same calls stands in for it. The
// real one is asked in tests/vm.
#include "scan/systemd_units.h"

#include <gtest/gtest.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <string_view>

#include "support/child.h"

namespace reaper::scan {
namespace {

using test::Child;
using test::TemporaryDirectory;
using namespace std::chrono_literals;

constexpr pid_t kMain = 4711;

UniqueFd listen_at(const std::string& path) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw std::runtime_error("bind");
    ::listen(fd.get(), 4);
    return fd;
}

/// Answers as a manager whose processes all belong to x.service, the main one being kMain.
int answer(sd_bus_message* call, void*, sd_bus_error*) {
    if (sd_bus_message_is_method_call(call, "org.freedesktop.systemd1.Manager", "GetUnitByPID") > 0) {
        std::uint32_t pid = 0;
        sd_bus_message_read(call, "u", &pid);
        if (pid == 1)
            return sd_bus_reply_method_errorf(call, "org.freedesktop.systemd1.NoUnitForPID", "none");
        return sd_bus_reply_method_return(call, "o", "/org/freedesktop/systemd1/unit/x_2eservice");
    }
    if (sd_bus_message_is_method_call(call, "org.freedesktop.DBus.Properties", "Get") > 0) {
        const char* interface = nullptr;
        const char* name = nullptr;
        sd_bus_message_read(call, "ss", &interface, &name);
        if (std::string_view(name) == "Id")
            return sd_bus_reply_method_return(call, "v", "s", "x.service");
        return sd_bus_reply_method_return(call, "v", "u", static_cast<std::uint32_t>(kMain));
    }
    return 0;
}

/// A manager's private socket: D-Bus without a bus, in a process of its own, one client after the other.
Child start_manager(int listening) {
    return Child::fork(
        {},
        [listening] {
            const pid_t server = ::fork();  // The child of the test goes on to say that it is ready.
            if (server != 0) return;
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;) {
                const int fd = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
                sd_bus* bus = nullptr;
                sd_id128_t id{};
                id.bytes[0] = 1;
                sd_bus_new(&bus);
                sd_bus_set_fd(bus, fd, fd);
                sd_bus_set_server(bus, 1, id);
                sd_bus_start(bus);
                sd_bus_add_filter(bus, nullptr, answer, nullptr);
                for (int done = 1; done >= 0;) {
                    done = sd_bus_process(bus, nullptr);
                    if (done == 0) done = sd_bus_wait(bus, UINT64_MAX);
                }
                sd_bus_close_unref(bus);
            }
        },
        {listening});
}

struct Systemd : ::testing::Test {
    TemporaryDirectory directory;
    SystemdPlaces places{.booted = directory.path(),
                         .system_private = directory.path("private"),
                         .system_bus = directory.path("bus"),
                         .user_directory = directory.path("user")};
};

TEST_F(Systemd, WhereItDoesNotRunNobodyIsAMainProcess) {
    places.booted = directory.path("absent");
    EXPECT_EQ(SystemdUnits(places).main_of_unit(kMain, "/system.slice/x.service"), "");
    EXPECT_EQ(SystemdUnits(places).main_of_unit(kMain, ""), "");
}

TEST_F(Systemd, OnlyAServiceHasAMainProcess) {
    SystemdUnits units(places);
    EXPECT_EQ(units.main_of_unit(kMain, "/user.slice/user-1000.slice/session-2.scope"), "");
    EXPECT_EQ(units.main_of_unit(kMain, "/"), "");
    EXPECT_EQ(units.main_of_unit(kMain, "/docker/0123abc"), "");
}

TEST_F(Systemd, TellsTheMainProcessFromTheOthers) {
    const UniqueFd listening = listen_at(places.system_private);
    const Child manager = start_manager(listening.get());
    SystemdUnits units(places, 30s);
    EXPECT_EQ(units.main_of_unit(kMain, "/system.slice/x.service"), "x.service");
    EXPECT_EQ(units.main_of_unit(kMain + 1, "/system.slice/x.service"), "");
    EXPECT_FALSE(units.out_of_patience());
}

TEST_F(Systemd, AUsersOwnManagerIsAskedAboutItsUnits) {
    std::filesystem::create_directories(places.user_directory + "/1000/systemd");
    const UniqueFd listening = listen_at(places.user_directory + "/1000/systemd/private");
    const Child manager = start_manager(listening.get());
    SystemdUnits units(places, 30s);
    EXPECT_EQ(
        units.main_of_unit(kMain, "/user.slice/user-1000.slice/user@1000.service/app.slice/x.service"),
        "x.service");
    EXPECT_EQ(
        units.main_of_unit(kMain, "/user.slice/user-1001.slice/user@1001.service/app.slice/x.service"),
        std::nullopt);
}

TEST_F(Systemd, WithoutAnAnswerItCannotBeTold) {
    EXPECT_EQ(SystemdUnits(places).main_of_unit(kMain, "/system.slice/x.service"), std::nullopt);
    EXPECT_EQ(SystemdUnits(places).main_of_unit(kMain, ""), std::nullopt);
    const UniqueFd listening = listen_at(places.system_private);
    const Child manager = start_manager(listening.get());
    EXPECT_EQ(SystemdUnits(places).main_of_unit(1, "/system.slice/x.service"), std::nullopt);
}

TEST_F(Systemd, AManagerThatHangsCostsNoMoreThanThePatience) {
    const UniqueFd silent = listen_at(places.system_private);
    const UniqueFd silent_bus = listen_at(places.system_bus);
    SystemdUnits units(places, 50ms);
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(units.main_of_unit(kMain, "/system.slice/x" + std::to_string(i) + ".service"),
                  std::nullopt);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
    EXPECT_TRUE(units.out_of_patience());
}

TEST_F(Systemd, UnitIsTheInnermostOfThePath) {
    const auto told = [](std::string_view cgroup) {
        const UnitOfCgroup unit = unit_of_cgroup(cgroup);
        return unit.name + (unit.manager_of ? " of " + std::to_string(*unit.manager_of) : "");
    };
    EXPECT_EQ(told("/system.slice/ssh.service"), "ssh.service");
    EXPECT_EQ(told("/system.slice/ssh.service/sub/group"), "ssh.service");
    EXPECT_EQ(told("/user.slice/user-1000.slice/user@1000.service"), "user@1000.service");
    EXPECT_EQ(told("/user.slice/user-1000.slice/user@1000.service/init.scope"), "init.scope of 1000");
    EXPECT_EQ(told("/user.slice/user-1000.slice/user@1000.service/app.slice/a.service"),
              "a.service of 1000");
    EXPECT_EQ(told("/user.slice/user@x.service/app.slice/a.service"), "a.service");
    EXPECT_EQ(told("/user.slice/user@.service/a.service"), "a.service");
    EXPECT_EQ(told("/user@5.scope/a.service"), "a.service");
    EXPECT_EQ(told("user@"), "");
    EXPECT_EQ(told(""), "");
    EXPECT_EQ(told("/"), "");
}

}  // namespace
}  // namespace reaper::scan
