// Redaction must not change what a command line is taken for: recordings are judged by what it leaves.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "classify/classifier.h"
#include "policy/loader.h"
#include "report/redact.h"

namespace reaper::report {
namespace {

using classify::Classification;
using classify::CommandLine;

TEST(RedactedData, IsClassifiedLikeTheOriginal) {
    const policy::LoadResult policy = policy::default_policy();
    ASSERT_TRUE(policy);
    std::ifstream in(std::string(REAPER_SOURCE_DIR) + "/tests/data/cmdlines.jsonl");
    std::size_t lines = 0;
    for (std::string row; std::getline(in, row); ++lines) {
        const std::string line = nlohmann::json::parse(row).at("cmdline");
        const Classification before = policy->classifier.classify(CommandLine::from_text(line));
        const Classification after =
            policy->classifier.classify(CommandLine::from_text(redact_line(line)));
        EXPECT_EQ(before.role, after.role) << line;
        EXPECT_EQ(before.type, after.type) << line;
        EXPECT_EQ(before.command.program, after.command.program) << line;
    }
    EXPECT_GT(lines, 500u);
}

}  // namespace
}  // namespace reaper::report
