// A sample of the leak matrix (leak_matrix.cpp runs all of it): real servers under a guard, with real
// clients. Whatever way the client goes, nothing of them is left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "leak_run.h"
#include "npm_test.h"

namespace reaper::integration {

void PrintTo(const LeftProcess& process, std::ostream* out) {
    *out << process.comm << ' ' << process.pid;
}

namespace {

using ::testing::IsEmpty;

class GuardedServers : public NpmTest {};

TEST_F(GuardedServers, LeaveNothingWhateverWayTheirClientEnds) {
    const std::vector<Cell> cells = sample_of_cells(20);
    std::set<std::string> rows;
    std::set<Way> ways;
    for (const Cell& cell : cells) {
        rows.insert(cell.launch.name);
        ways.insert(cell.way);
    }
    EXPECT_EQ(rows.size(), rows_of_the_matrix().size());
    EXPECT_EQ(ways.size(), kWays.size());

    const BatchOutcome batch = run_together(cells);
    for (const Outcome& outcome : batch.cells) {
        SCOPED_TRACE(name_of(outcome.cell));
        EXPECT_EQ(outcome.error, "");
        EXPECT_THAT(outcome.left, IsEmpty());
        EXPECT_GE(outcome.processes, 4U) << "guard, keeper, npm, node, and mostly a shell";
    }
    EXPECT_THAT(batch.unknown, IsEmpty());
}

}  // namespace
}  // namespace reaper::integration
