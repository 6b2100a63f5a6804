// YAML node -> what a rule does: one word, or the steps of an escalation.
//
// Internal to policy/.
#pragma once

#include "policy/value_mistakes.h"

namespace reaper::policy {

/// `terminate`, or `[report, throttle after 5m, terminate after 30m]`: ever harsher and ever later; only
/// the first step may be without a time. One step without a time is the same as its word. Every mistake
/// is told where it stands.
Read read_action(const Key& key, const YamlNode& node);

}  // namespace reaper::policy
