// What needs no manager. The real one is asked in tests/vm.
#include "enforce/systemd_cages.h"

#include <gtest/gtest.h>

#include "support/child.h"

namespace reaper::enforce {
namespace {

TEST(SystemdCages, AServersCageIsInItsUsersSlice) {
    EXPECT_EQ(slice_for("/user.slice/user-1000.slice/session-2.scope"), "user-1000.slice");
    EXPECT_EQ(slice_for("/user.slice/user-1000.slice/user@1000.service/app.slice/x.service"),
              "user-1000.slice");
    EXPECT_EQ(slice_for("/user.slice/user-0.slice/session-1.scope"), "user-0.slice");
}

TEST(SystemdCages, WhatIsNoUsersIsInTheSystemsSlice) {
    for (const char* cgroup : {"", "/", "/system.slice/mcp-reaper.service", "/user.slice",
                               "/user-.slice", "/user-a.slice", "/user-1000.slicex/a"}) {
        EXPECT_EQ(slice_for(cgroup), "system.slice") << cgroup;
    }
}

TEST(SystemdCages, WithoutAManagerTheReasonSaysWhatToDo) {
    const test::TemporaryDirectory nowhere;
    const scan::SystemdPlaces places{.booted = nowhere.path(),
                                     .system_private = nowhere.path("private"),
                                     .system_bus = nowhere.path("bus"),
                                     .user_directory = nowhere.path("user")};
    const CgroupLayout layout = parse_cgroup_layout("1 0 0:1 / /c rw - cgroup2 c rw\n", "");
    EXPECT_FALSE(SystemdCages::open(places, layout, 0));
    const auto user = SystemdCages::open(places, layout, 1000);
    ASSERT_FALSE(user);
    EXPECT_NE(user.error().message().find("loginctl enable-linger"), std::string::npos);
}

}  // namespace
}  // namespace reaper::enforce
