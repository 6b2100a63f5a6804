// Programs that are known by name: the clients of servers, and tools that are never servers.
// Internal to classify/.
#pragma once

#include <string>
#include <string_view>

#include "classify/program.h"

namespace reaper::classify {

/// The name of the client that this program is ("claude", "code" …); empty where it is none.
std::string_view client_name(const Program& program);

/// The same by the path of the executable alone (/proc/PID/exe).
std::string_view client_at(std::string_view exe);

/// Editors, pagers, search tools, package managers, test runners …: whatever stands in their
/// arguments, they are no servers.
bool is_common_tool(std::string_view name);

/// Speaks another protocol over the same kind of channel: a language server, a debug adapter.
bool is_language_server(std::string_view name);

}  // namespace reaper::classify
