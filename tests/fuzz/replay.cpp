// Where there is no libFuzzer (g++): a target is given what is kept for it, as a test.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "check.h"

TEST(Corpus, HoldsForEveryInputThatIsKept) {
    std::vector<std::filesystem::path> inputs;
    for (const auto& entry : std::filesystem::directory_iterator(REAPER_CORPUS))
        inputs.push_back(entry.path());
    ASSERT_FALSE(inputs.empty()) << REAPER_CORPUS;
    std::sort(inputs.begin(), inputs.end());
    for (const std::filesystem::path& input : inputs) {
        std::ifstream file(input, std::ios::binary);
        const std::string bytes((std::istreambuf_iterator<char>(file)), {});
        // What does not hold ends this program, and this is the last line it has written then.
        std::fprintf(stderr, "%s\n", input.c_str());
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    }
}
