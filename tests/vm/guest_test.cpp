// What the other tests take for granted of their guest.
#include "guest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reaper::vm {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Guest, ALoginIsASessionScopeOfTheUsersSlice) {
    for (const User& user : {kLingerer, kVisitor}) {
        Session session(user);
        const std::string uid = std::to_string(user.uid);
        EXPECT_EQ(session.run("echo $EUID").output, uid);
        EXPECT_THAT(session.cgroup(), StartsWith("/user.slice/user-" + uid + ".slice/session-"));
    }
}

TEST(Guest, OnlyTheLingererHasAManager) {
    ManagerBus system(Manager::system);
    EXPECT_EQ(system.text("user@2001.service", "Unit", "ActiveState"), "active");
    Session session(kVisitor);
    EXPECT_NE(session.cgroup(), "");
    EXPECT_EQ(system.text("user@2002.service", "Unit", "ActiveState"), "inactive");
}

TEST(Guest, HasTheControllersOfCgroupV2) {
    for (const char* name : {"cpu", "memory", "pids"}) {
        EXPECT_THAT(cgroup_file("", "cgroup.controllers"), HasSubstr(name));
    }
}

}  // namespace
}  // namespace reaper::vm
