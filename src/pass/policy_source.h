// Which policy is gone by.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "policy/loader.h"
#include "scan/assemble.h"

namespace reaper::pass {

inline constexpr const char* kSystemPolicy = "/etc/mcp-reaper/policy.yaml";

struct ChosenPolicy {
    policy::LoadedPolicy loaded;
    std::string name;  ///< For people: the file's path, or "default (built in)".
};
using PolicyChoice = tl::expected<ChosenPolicy, policy::PolicyErrors>;

/// Where installed policies are looked for, first the one that wins: the user's own (not for root, who
/// must not go by what a variable says), and the system's.
std::vector<std::string> policy_places();

/// The first that exists of these. Nothing: the built-in policy.
std::optional<std::string> installed_policy();

/// The file that was given, else installed_policy(), else the built-in one.
PolicyChoice choose_policy(const std::optional<std::string>& file);

/// What `assemble` needs to know of a policy.
scan::AssembleOptions assemble_options(const policy::Policy& policy);

}  // namespace reaper::pass
