#include "scan/proc_text.h"

#include <gtest/gtest.h>

#include <string>

namespace reaper::scan {
namespace {

// Fields 4 to 22 of a real line; the start time is the last.
const std::string kRest = " 7 42 42 0 -1 4194560 100 0 0 0 5 6 0 0 20 0 1 0 204176 1000 200";

TEST(StatText, IsSplitAfterTheLastParenthesis) {
    const auto stat = parse_stat("4711 (foo) Z ) S" + kRest);
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->comm, "foo) Z ");
    EXPECT_EQ(stat->state, 'S');
    EXPECT_EQ(stat->parent, 7);
    EXPECT_EQ(stat->start, Ticks(204176));
}

TEST(StatText, TakesAnyBytesAsAName) {
    const auto stat = parse_stat("4711 (a\n(\xff 1 R) S" + kRest);
    ASSERT_TRUE(stat);
    EXPECT_EQ(stat->comm, "a\n(\xff 1 R");
    const auto nameless = parse_stat("4711 () R" + kRest);
    ASSERT_TRUE(nameless);
    EXPECT_EQ(nameless->comm, "");
}

TEST(StatText, RefusesWhatIsNoStatLine) {
    for (const char* text :
         {"", "4711", "4711 (node", ")(", "4711 (node)", "4711 (node) S", "4711 (node) SS 1",
          "4711 (node) S x 1 1 1", "4711 (node) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 x"}) {
        EXPECT_FALSE(parse_stat(text)) << text;
    }
}

TEST(StatmText, AnonymousIsResidentMinusShared) {
    EXPECT_EQ(parse_statm_anonymous_pages("1000 300 120 5 0 60 0\n"), 180U);
    EXPECT_EQ(parse_statm_anonymous_pages("1000 300 301 5 0 60 0\n"), 0U);
    EXPECT_EQ(parse_statm_anonymous_pages("0 0 0 0 0 0 0\n"), 0U);
    EXPECT_EQ(parse_statm_anonymous_pages("1000 300"), std::nullopt);
    EXPECT_EQ(parse_statm_anonymous_pages("a b c"), std::nullopt);
}

TEST(StatusText, SwapComesFromItsOwnLine) {
    EXPECT_EQ(parse_status_swap("Name:\tVmSwap:\nVmRSS:\t  1 kB\nVmSwap:\t    2048 kB\n"),
              Bytes::from_kib(2048));
    EXPECT_EQ(parse_status_swap("Name:\tx VmSwap: 5 kB\nState:\tS\n"), std::nullopt);
    EXPECT_EQ(parse_status_swap("VmSwap:\tmuch\n"), std::nullopt);
    EXPECT_EQ(parse_status_swap(""), std::nullopt);
}

TEST(CgroupText, UnifiedPathComesFirst) {
    EXPECT_EQ(parse_cgroup("0::/user.slice/a.scope\n"), "/user.slice/a.scope");
    EXPECT_EQ(parse_cgroup("1:name=systemd:/x.service\n0::/y.service\n"), "/y.service");
}

TEST(CgroupText, RootOfTheUnifiedHierarchyGivesWayToSystemds) {
    EXPECT_EQ(parse_cgroup("4:memory:/m\n1:name=systemd:/x.service\n0::/\n"), "/x.service");
    EXPECT_EQ(parse_cgroup("1:name=systemd:/x.service\n"), "/x.service");
    EXPECT_EQ(parse_cgroup("0::/\n"), "/");
    EXPECT_EQ(parse_cgroup("4:memory:/m\n"), "");
}

TEST(CgroupText, PathsMayHoldColons) {
    EXPECT_EQ(parse_cgroup("0::/docker:abc/x\n"), "/docker:abc/x");
    EXPECT_EQ(parse_cgroup("rubbish\n\n0:\n0::/a"), "/a");
}

TEST(LinkTarget, InodeIsReadOnlyFromItsOwnForm) {
    EXPECT_EQ(inode_of_link("pipe:[123]", "pipe"), 123U);
    EXPECT_EQ(inode_of_link("socket:[4294967297]", "socket"), 4294967297U);
    for (const char* target :
         {"pipe:[]", "pipe:[12", "pipe:12]", "pipe:[1x]", "/tmp/pipe:[1]", "pipe", "socket:[5]"}) {
        EXPECT_EQ(inode_of_link(target, "pipe"), std::nullopt) << target;
    }
}

}  // namespace
}  // namespace reaper::scan
