// What a program is asked to do, where that decides whether it is a server.
//
// Internal to classify/.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "classify/program.h"

namespace reaper::classify {

/// Its argument of that number; empty where it has fewer.
std::string_view argument(const Program& program, std::size_t index);

/// The sub-command that makes this program a server; empty where none does. `client`: its bare `mcp`
/// manages servers (`claude mcp add`), only `mcp serve` is one.
std::string serving_subcommand(const Program& program, std::string_view client);

}  // namespace reaper::classify
