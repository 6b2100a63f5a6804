#include "pid_namespace.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <vector>

#include "guardian.h"

namespace reaper::integration {
namespace {

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
    std::_Exit(2);
}

/// For its first child, to be its process 1.
[[noreturn]] void make_namespace(const std::function<void()>& body) {
    if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0) give_up("unshare");
    const pid_t init = fork();
    if (init < 0) give_up("fork");
    if (init > 0) {
        int status = 0;
        while (waitpid(init, &status, 0) < 0 && errno == EINTR) {
        }
        std::_Exit(WIFEXITED(status) ? WEXITSTATUS(status) : 3);
    }
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
        give_up("mount /proc");
    }
    start_guardian();
    body();
    std::fflush(nullptr);
    std::_Exit(::testing::Test::HasFailure() ? 1 : 0);
}

}  // namespace

std::string why_no_pid_namespace() {
    if (getuid() != 0) return "takes root, to make a pid namespace";
    std::fflush(nullptr);
    const pid_t attempt = fork();
    if (attempt == 0) std::_Exit(unshare(CLONE_NEWPID | CLONE_NEWNS) == 0 ? 0 : 1);
    int status = 0;
    waitpid(attempt, &status, 0);
    return status == 0 ? "" : "this host lets us make no pid namespace";
}

void in_pid_namespace(const std::function<void()>& body) {
    std::fflush(nullptr);
    const pid_t outside = fork();
    ASSERT_GE(outside, 0);
    if (outside == 0) make_namespace(body);
    int status = 0;
    ASSERT_EQ(waitpid(outside, &status, 0), outside);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "it failed in the namespace: above";
}

void hide_control_groups() {
    std::vector<std::string> mounts;
    std::ifstream lines("/proc/self/mounts");
    for (std::string device, place, type, rest; lines >> device >> place >> type;) {
        std::getline(lines, rest);
        if (type.starts_with("cgroup")) mounts.push_back(place);
    }
    for (const std::string& place : mounts) {
        ASSERT_EQ(umount2(place.c_str(), MNT_DETACH), 0) << place << ": " << std::strerror(errno);
    }
}

void let_next_pid_be(pid_t pid) {
    std::ofstream last("/proc/sys/kernel/ns_last_pid");
    last << pid - 1 << std::flush;
    ASSERT_TRUE(last.good()) << "ns_last_pid cannot be written";
}

}  // namespace reaper::integration
