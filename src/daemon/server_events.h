// Events about one server, and how it is described in them (docs/events.md).
//
// Internal to daemon/.
#pragma once

#include <string>
#include <string_view>

#include "report/event.h"
#include "scan/server.h"

namespace reaper::daemon {

/// Everything that comes from a process may hold a secret, or harm.
std::string harmless(std::string_view text);
nlohmann::ordered_json harmless_or_null(std::string_view text);

/// About this server; `rest` follows its name: "playwright 4711 has started".
report::Event server_event(report::EventKind kind, const scan::Server& server, WallTime at,
                           std::string_view rest);

/// Its figures: client, launcher, program, processes, memory, age.
nlohmann::ordered_json described(const scan::Server& server);

}  // namespace reaper::daemon
