// YAML tree -> Policy, with every mistake and the place of every value. The steps of parse_policy that
// go by the table of keys (keys.h); what takes more than one value to judge is in cross_checks.h.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/keys.h"
#include "policy/policy.h"
#include "policy/value_reading.h"
#include "policy/yaml_document.h"

namespace reaper::policy {

/// A file with more mistakes than this was never meant to be a policy; the rest is not looked for.
inline constexpr std::size_t kMaxMistakes = 100;

/// A policy as it was written, with the mistakes made.
struct ReadPolicy {
    Policy policy;                                       ///< Whole only where there are no mistakes.
    std::map<std::string, YamlMark, std::less<>> marks;  ///< By path: where each given value stands.
    bool lists_servers = false;                          ///< `servers:` is given.
    std::vector<YamlMistake> mistakes;                   ///< At most kMaxMistakes + 1.
};

/// Paths of marks, origins and messages: "limits.max_cpu_percent", "rules.orphan.action",
/// "servers.playwright.limits.max_memory_mb", "clients.zed.match", "exempt[0].client".
ReadPolicy read_policy(const YamlNode& root, PatternCheck check);

}  // namespace reaper::policy
