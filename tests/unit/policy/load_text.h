// Loads policies from text and shows what came of it, for the tests of policy/.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "policy/loader.h"

namespace reaper::test {

inline constexpr const char* kFile = "p.yaml";

/// Every mistake in a text, as users see it; nothing where it loads.
inline std::vector<std::string> mistakes(std::string_view text) {
    std::vector<std::string> messages;
    const policy::LoadResult loaded = policy::parse_policy(text, kFile);
    if (!loaded) {
        for (const policy::PolicyError& error : loaded.error()) messages.push_back(error.message());
    }
    return messages;
}

/// The policy of a text that must load.
inline policy::LoadedPolicy load(std::string_view text) {
    policy::LoadResult loaded = policy::parse_policy(text, kFile);
    if (!loaded) {
        ADD_FAILURE() << loaded.error().front().message() << "\n" << text;
        loaded = policy::parse_policy("version: 1\nservers: []\n", kFile);
    }
    return std::move(*loaded);
}

inline std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.is_open()) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

/// policies/NAME of the source tree.
inline std::string policy_file(const std::string& name) {
    return read_file(std::string(REAPER_SOURCE_DIR "/policies/") + name);
}

}  // namespace reaper::test
