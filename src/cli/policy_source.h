// Which policy a command goes by.
#pragma once

#include <optional>
#include <string>

#include "cli/options.h"
#include "policy/loader.h"
#include "scan/assemble.h"

namespace reaper::cli {

inline constexpr const char* kSystemPolicy = "/etc/mcp-reaper/policy.yaml";

/// The option that every command with a policy takes.
Option policy_option();

struct ChosenPolicy {
    policy::LoadedPolicy loaded;
    std::string name;  ///< For people: the file's path, or "default (built in)".
};

/// The file that was given; else the first that exists of the user's own (not for root, who must not
/// go by what a variable says) and the system's; else the built-in one. Nothing after every mistake
/// has been told on standard error: the command ends with ExitCode::usage.
std::optional<ChosenPolicy> choose_policy(const std::optional<std::string>& file);

/// All mistakes, a line each.
void complain(const policy::PolicyErrors& errors);

/// What `assemble` needs to know of a policy.
scan::AssembleOptions assemble_options(const policy::Policy& policy);

}  // namespace reaper::cli
