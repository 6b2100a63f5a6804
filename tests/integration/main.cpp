#include <gtest/gtest.h>
#include <signal.h>

#include "guardian.h"

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    if (!::testing::GTEST_FLAG(list_tests)) reaper::integration::start_guardian();
    signal(SIGPIPE, SIG_IGN);  // A client that left is a failed write, not our end.
    return RUN_ALL_TESTS();
}
