// Where a command leads, as execvp(3) looks for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace reaper::clients {

/// The file that would be run: `command` itself where it holds a '/', else the first in the directories
/// of `path` (PATH). Nothing where there is none that may be executed.
std::optional<std::string> find_program(const std::string& command, std::string_view path);

}  // namespace reaper::clients
