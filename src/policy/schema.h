// The JSON Schema of policy files, made from the same table of keys as the loader.
#pragma once

#include <string>

namespace reaper::policy {

/// Draft-07 JSON, pretty-printed: policies/policy.schema.json is this text (a test keeps it so).
std::string policy_schema();

}  // namespace reaper::policy
