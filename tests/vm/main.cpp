// In the guest: runs the tests. On the host: tells of each test what its run in the guest said.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

namespace {

constexpr const char* kResults = REAPER_VM_RESULTS;

/// What gtest prints, which CTest knows a skipped test by.
int tell_skipped(const std::string& reason) {
    std::cout << reason << "\n[  SKIPPED ] the guest was not run\n";
    return EXIT_SUCCESS;
}

/// `test` is "Suite.Name", as gtest_discover_tests filters.
int tell_of_guest(const std::string& test) {
    const std::string result = std::string(kResults) + '/' + test;
    if (std::ifstream skipped(std::string(kResults) + "/skipped"); skipped) {
        std::string reason;
        std::getline(skipped, reason);
        return tell_skipped(reason);
    }
    std::ifstream output(result + ".out"), status(result + ".status");
    int code = EXIT_FAILURE;
    if (output && output.peek() != std::ifstream::traits_type::eof()) std::cout << output.rdbuf();
    if (!(status >> code)) {
        std::cout << "the guest has not run " << test << " to its end: ctest -R vm_boot, " << kResults
                  << "/console\n";
        return EXIT_FAILURE;
    }
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    if (!::testing::GTEST_FLAG(list_tests) && std::getenv("REAPER_VM_GUEST") == nullptr) {
        return tell_of_guest(::testing::GTEST_FLAG(filter));
    }
    signal(SIGPIPE, SIG_IGN);  // A program that left is a failed write, not our end.
    return RUN_ALL_TESTS();
}
