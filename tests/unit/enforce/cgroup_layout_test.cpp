// What mountinfo says on real hosts, recorded there and shortened to what matters.
#include "enforce/cgroup_layout.h"

#include <gtest/gtest.h>

#include <string>

namespace reaper::enforce {
namespace {

constexpr std::string_view kDebian12 =
    "23 28 0:21 / /sys rw,nosuid,nodev,noexec,relatime shared:6 - sysfs sysfs rw\n"
    "28 1 259:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1 rw\n"
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:8 - cgroup2 cgroup2 "
    "rw,nsdelegate,memory_recursiveprot\n";

constexpr std::string_view kSystemdHybrid =
    "25 30 0:23 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw\n"
    "33 25 0:28 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755\n"
    "34 33 0:29 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:10 - cgroup2 cgroup2 "
    "rw\n"
    "35 33 0:30 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup "
    "rw,xattr,name=systemd\n"
    "39 33 0:34 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:16 - cgroup cgroup "
    "rw,cpu,cpuacct\n"
    "40 33 0:35 / /sys/fs/cgroup/freezer rw,nosuid,nodev,noexec,relatime shared:17 - cgroup cgroup "
    "rw,freezer\n"
    "41 33 0:36 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:18 - cgroup cgroup "
    "rw,memory\n";

constexpr std::string_view kV1Only =
    "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer\n"
    "40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n";

constexpr std::string_view kDockerV2 =
    "2145 2140 0:165 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro\n"
    "2146 2145 0:29 / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 cgroup rw,nsdelegate\n";

constexpr std::string_view kDockerV1 =
    "801 800 0:55 / /sys ro,nosuid,nodev,noexec,relatime - sysfs sysfs ro\n"
    "802 801 0:57 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755\n"
    "803 802 0:29 /docker/4c0f /sys/fs/cgroup/systemd ro,relatime master:11 - cgroup cgroup "
    "rw,xattr,name=systemd\n"
    "804 802 0:34 /docker/4c0f /sys/fs/cgroup/cpu,cpuacct ro,relatime master:16 - cgroup cgroup "
    "rw,cpu,cpuacct\n";

constexpr std::string_view kWsl2 =
    "70 69 0:23 / /sys rw,nosuid,nodev,noexec,noatime - sysfs sysfs rw\n"
    "75 70 0:29 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs rw,mode=755\n"
    "76 75 0:30 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime - cgroup2 cgroup2 "
    "rw,nsdelegate\n"
    "78 75 0:32 / /sys/fs/cgroup/cpu rw,nosuid,nodev,noexec,relatime - cgroup cgroup rw,cpu\n"
    "81 75 0:35 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime - cgroup cgroup rw,memory\n"
    "83 75 0:37 / /sys/fs/cgroup/freezer rw,nosuid,nodev,noexec,relatime - cgroup cgroup rw,freezer\n";

CgroupLayout parsed(std::string_view mountinfo) {
    return parse_cgroup_layout(mountinfo, "");
}

TEST(CgroupLayout, Debian12WithSystemdIsPureV2) {
    const CgroupLayout layout = parsed(kDebian12);
    EXPECT_EQ(layout.kind(), CgroupKind::v2);
    ASSERT_EQ(layout.hierarchies.size(), 1U);
    EXPECT_EQ(layout.unified()->mount, "/sys/fs/cgroup");
    EXPECT_FALSE(layout.unified()->read_only);
    EXPECT_EQ(layout.with("cpu"), nullptr);  // Not in these texts.
}

TEST(CgroupLayout, HybridHasItsControllersInV1) {
    const CgroupLayout layout = parsed(kSystemdHybrid);
    EXPECT_EQ(layout.kind(), CgroupKind::hybrid);
    EXPECT_EQ(layout.unified()->mount, "/sys/fs/cgroup/unified");
    EXPECT_EQ(layout.with("cpu")->mount, "/sys/fs/cgroup/cpu,cpuacct");
    EXPECT_EQ(layout.with("cpuacct"), layout.with("cpu"));
    EXPECT_EQ(layout.with("name=systemd")->mount, "/sys/fs/cgroup/systemd");
    EXPECT_EQ(layout.with("xattr"), nullptr);
    EXPECT_EQ(layout.with("rw"), nullptr);
}

TEST(CgroupLayout, WithoutACgroup2MountItIsV1) {
    const CgroupLayout layout = parsed(kV1Only);
    EXPECT_EQ(layout.kind(), CgroupKind::v1);
    EXPECT_EQ(layout.unified(), nullptr);
    EXPECT_EQ(layout.with("freezer")->mount, "/sys/fs/cgroup/freezer");
    EXPECT_EQ(layout.with("pids"), nullptr);
}

TEST(CgroupLayout, AContainersMountIsReadOnly) {
    EXPECT_EQ(parsed(kDockerV2).kind(), CgroupKind::v2);
    EXPECT_TRUE(parsed(kDockerV2).unified()->read_only);
    const CgroupLayout v1 = parsed(kDockerV1);
    EXPECT_EQ(v1.kind(), CgroupKind::v1);
    EXPECT_TRUE(v1.with("cpu")->read_only);
    EXPECT_EQ(v1.with("cpu")->root, "/docker/4c0f");
}

TEST(CgroupLayout, Wsl2IsHybrid) {
    EXPECT_EQ(parsed(kWsl2).kind(), CgroupKind::hybrid);
    EXPECT_EQ(parsed(kWsl2).with("memory")->mount, "/sys/fs/cgroup/memory");
}

TEST(CgroupLayout, WithoutCgroupsThereAreNone) {
    EXPECT_EQ(parsed("").kind(), CgroupKind::none);
    EXPECT_EQ(parsed("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n").kind(), CgroupKind::none);
    EXPECT_EQ(parsed("garbage\n\n- - -\n1 2 3\n").kind(), CgroupKind::none);
}

TEST(CgroupLayout, AHierarchyWithOnlyANameLimitsNothing) {
    EXPECT_EQ(parsed("40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n").kind(),
              CgroupKind::none);
}

TEST(CgroupLayout, AMountUnderAnotherDoesNotCount) {
    const std::string over =
        std::string(kDockerV2) + "2150 2146 0:29 / /sys/fs/cgroup rw,relatime - cgroup2 none rw\n";
    EXPECT_FALSE(parsed(over).unified()->read_only);
    const std::string buried =
        std::string(kDebian12) + "40 30 0:50 / /sys/fs/cgroup rw - tmpfs none rw\n";
    EXPECT_EQ(parsed(buried).kind(), CgroupKind::none);
    const std::string above =
        "30 23 0:26 / /mnt/cgroup rw - cgroup2 cgroup2 rw\n31 23 0:50 / /mnt rw - tmpfs none rw\n";
    EXPECT_EQ(parsed(above).kind(), CgroupKind::none);
}

TEST(CgroupLayout, OfTwoMountsTheWritableAndThenTheWiderOneIsTaken) {
    const CgroupLayout layout = parsed(
        "1 9 0:26 /docker/x /a rw - cgroup2 c rw\n2 9 0:26 / /b rw - cgroup2 c rw\n"
        "3 9 0:26 / /c ro - cgroup2 c rw\n");
    ASSERT_EQ(layout.hierarchies.size(), 1U);
    EXPECT_EQ(layout.unified()->mount, "/b");
}

TEST(CgroupLayout, MountPointsAreUnescaped) {
    EXPECT_EQ(parsed("1 9 0:26 / /my\\040cgroups rw - cgroup2 c rw\n").unified()->mount, "/my cgroups");
}

TEST(CgroupLayout, TellsWhatTheKernelHasSwitchedOff) {
    const CgroupLayout layout = parse_cgroup_layout(
        kDebian12, "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t80\t1\nmemory\t0\t80\t0\n");
    EXPECT_EQ(layout.disabled, std::vector<std::string>{"memory"});
}

TEST(CgroupLayout, FindsAProcessesGroupInAHierarchy) {
    const CgroupLayout layout = parsed(kSystemdHybrid);
    constexpr std::string_view kOf =
        "9:freezer:/\n4:cpu,cpuacct:/user.slice\n1:name=systemd:/user.slice/x:y\n0::/user.slice/z\n";
    EXPECT_EQ(cgroup_in(*layout.with("cpu"), kOf), "/user.slice");
    EXPECT_EQ(cgroup_in(*layout.with("name=systemd"), kOf), "/user.slice/x:y");
    EXPECT_EQ(cgroup_in(*layout.unified(), kOf), "/user.slice/z");
    EXPECT_EQ(cgroup_in(*layout.with("memory"), kOf), "");
}

TEST(CgroupLayout, ADirectoryIsBelowWhatIsMounted) {
    const CgroupHierarchy whole{.mount = "/sys/fs/cgroup/cpu"};
    EXPECT_EQ(cgroup_directory(whole, "/"), "/sys/fs/cgroup/cpu");
    EXPECT_EQ(cgroup_directory(whole, "/a/b"), "/sys/fs/cgroup/cpu/a/b");
    const CgroupHierarchy part{.mount = "/sys/fs/cgroup/cpu", .root = "/docker/4c"};
    EXPECT_EQ(cgroup_directory(part, "/docker/4c"), "/sys/fs/cgroup/cpu");
    EXPECT_EQ(cgroup_directory(part, "/docker/4c/x"), "/sys/fs/cgroup/cpu/x");
    EXPECT_EQ(cgroup_directory(part, "/docker/4cc"), "");
    EXPECT_EQ(cgroup_directory(part, "/"), "");
}

}  // namespace
}  // namespace reaper::enforce
