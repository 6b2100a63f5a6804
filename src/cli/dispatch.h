// From the words of a command line to the command that is meant.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace reaper::cli {

/// Runs what `words` (without the program's name) ask for. Never throws.
ExitCode dispatch(const std::vector<std::string>& words);

}  // namespace reaper::cli
