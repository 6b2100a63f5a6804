// Puts the guard in front of the servers of a client's configuration, and takes it away again.
//
//   "command": "npx",                      "command": "mcp-reaper",
//   "args": ["-y", "@playwright/mcp"]      "args": ["run", "--name", "playwright", "--", "npx", "-y",
//   "@playwright/mcp"]
//
// How unwrapping knows what was there before: nothing of it was lost. The command's own spelling, with
// its quotes and escapes, moves into `args` behind "--"; everything else is put in at one place, right
// before the first argument, and what goes again is exactly what lies between "run" and that argument.
// White space and comments before "run" and behind the first argument are untouched. Where there was no
// argument, the words stand right behind the '['; where there were no `args` at all, a blank stands
// between: `[ "run", … ]`. That blank is the one thing that a formatter may undo; then an empty `args`
// stays, which means the same.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clients/edits.h"
#include "clients/server_entries.h"

namespace reaper::clients {

/// The command that stands before a server's own: `GUARD run [--name NAME] [--type TYPE] -- …`.
struct GuardCommand {
    std::string program = "mcp-reaper";
    std::optional<std::string> type;
};

/// How a server stands to the guard.
enum class Guarding {
    unguarded,
    guarded,  ///< It runs under it.
    ours,     ///< It starts mcp-reaper, but not to run a server.
};
Guarding guarding_of(const ServerEntry& entry, const GuardCommand& guard);

/// The words that are run under the guard: where it is not there, all.
std::vector<std::string> guarded_words(const ServerEntry& entry, const GuardCommand& guard);

/// Of a stdio server that is unguarded.
std::vector<Edit> wrapping_of(const JsonText& json, const ServerEntry& entry, const GuardCommand& guard);

/// Of a stdio server that is guarded.
std::vector<Edit> unwrapping_of(const JsonText& json, const ServerEntry& entry,
                                const GuardCommand& guard);

}  // namespace reaper::clients
