// The variables that a configuration asks the environment for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clients/known_places.h"

namespace reaper::clients {

/// Names of those in a value that have no value of their own beside them: ${NAME} for Claude Code (but
/// not
/// ${NAME:-this}), ${env:NAME} for Cursor and VS Code.
std::vector<std::string> variables_in(std::string_view value, Client client);

}  // namespace reaper::clients
