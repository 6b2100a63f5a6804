// The commands that act on servers named by hand: kill, throttle, freeze.
#pragma once

#include <functional>

#include "cli/command.h"
#include "enforce/outcome.h"

namespace reaper::cli {

/// Finds the servers that the operands name, shows them, asks, and carries out `deed` by the same ladder
/// and the same safety rules as a scan. `complete` puts the command's own options into each order.
ExitCode act_by_hand(const std::string& command, const Arguments& arguments, enforce::Deed deed,
                     const std::function<Parsed<void>(enforce::Order&)>& complete);

/// --yes, --even-in-use, --policy.
std::vector<Option> hand_options();

/// What their manuals say alike.
std::vector<std::string> hand_exit_codes();

}  // namespace reaper::cli
