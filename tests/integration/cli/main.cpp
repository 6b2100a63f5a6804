#include <gtest/gtest.h>

#include "cli/subject.h"

int main(int argc, char** argv) {
    if (reaper::cli_test::is_subject()) reaper::cli_test::be_subject();
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
