// --policy: which policy a command goes by.
#pragma once

#include <optional>
#include <string>

#include "cli/options.h"
#include "pass/policy_source.h"

namespace reaper::cli {

using pass::assemble_options;
using pass::ChosenPolicy;

/// The option that every command with a policy takes.
Option policy_option();

/// The option's file or, without it, pass::choose_policy's choice. Nothing after every mistake has been
/// told on standard error: the command ends with ExitCode::usage.
std::optional<ChosenPolicy> choose_policy(const std::optional<std::string>& file);

/// All mistakes, a line each.
void complain(const policy::PolicyErrors& errors);

}  // namespace reaper::cli
