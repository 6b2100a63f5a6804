// A policy as it is in force, every value with where it came from: `mcp-reaper policy show`.
#pragma once

#include <string>

#include "policy/loader.h"

namespace reaper::policy {

/// YAML that loads to the same policy, with "# file:line" or "# built in" behind each value.
std::string describe(const LoadedPolicy& loaded);

}  // namespace reaper::policy
