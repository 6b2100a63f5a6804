// From the words of a command line to the command that is meant.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace reaper::cli {

/// All that it can do, as one command without a name.
Command program();

/// The option that every command has.
Option help_option();

/// Runs what `words` (without the program's name) ask for. Never throws.
ExitCode dispatch(const std::vector<std::string>& words);

}  // namespace reaper::cli
