// `--set restarts=5`: a key of the policy's guard: on the command line.
#pragma once

#include <string>

#include "cli/options.h"
#include "policy/policy.h"

namespace reaper::cli {

/// What is wrong with it is told in the policy's words.
Parsed<void> apply_guard_setting(const std::string& setting, policy::GuardSettings& settings);

}  // namespace reaper::cli
