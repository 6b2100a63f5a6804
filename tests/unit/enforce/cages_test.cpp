#include "enforce/cages.h"

#include <gtest/gtest.h>

namespace reaper::enforce {
namespace {

std::string name_of(const std::string& type, ProcessId id = {4711, Ticks(79231)}) {
    scan::Server server;
    server.type = type;
    server.id = id;
    return cage_name(server);
}

TEST(CageName, SaysWhoseItIs) {
    EXPECT_EQ(name_of("playwright"), "mcp-reaper-playwright-4711-79231");
    EXPECT_EQ(server_of_cage("mcp-reaper-playwright-4711-79231"), (ProcessId{4711, Ticks(79231)}));
}

TEST(CageName, HoldsNothingThatAFileOrUnitNameMayNot) {
    EXPECT_EQ(name_of("Sequential-Thinking"), "mcp-reaper-sequential_thinking-4711-79231");
    EXPECT_EQ(name_of("../a b\n%s"), "mcp-reaper-___a_b__s-4711-79231");
    EXPECT_EQ(name_of(std::string(100, 'x')), "mcp-reaper-" + std::string(40, 'x') + "-4711-79231");
    EXPECT_EQ(name_of(""), "mcp-reaper-server-4711-79231");
    for (const char* type : {"a-1-2", "", "\xff\xff", "x.scope"}) {
        EXPECT_EQ(server_of_cage(name_of(type)), (ProcessId{4711, Ticks(79231)})) << type;
    }
}

TEST(CageName, AnyOtherNameIsNobodys) {
    for (const char* name : {"",
                             "mcp-reaper",
                             "mcp-reaper-",
                             "mcp-reaper-a",
                             "mcp-reaper-a-1",
                             "mcp-reaper--1-2",
                             "mcp-reaper-a-0-2",
                             "mcp-reaper-a-01-2",
                             "mcp-reaper-a-1-+2",
                             "mcp-reaper-a-1- 2",
                             "mcp-reaper-a-1-2 ",
                             "mcp-reaper-A-1-2",
                             "mcp-reaper-a.b-1-2",
                             "mcp-reaper-a-b-1-2",
                             "mcp-reaper-a-1-2.scope",
                             "mcp-reaper-../a-1-2",
                             "mcp-reaper-a-99999999999-2",
                             "mcp-reaper-a-1-99999999999999999999",
                             "x-mcp-reaper-a-1-2",
                             "mcp-reaper-a--1-2"}) {
        EXPECT_FALSE(server_of_cage(name)) << name;
    }
}

}  // namespace
}  // namespace reaper::enforce
