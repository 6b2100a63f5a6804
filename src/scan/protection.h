// Who is never ended, whatever it stands below (docs/architecture.md, safety rule 2).
#pragma once

#include "classify/classification.h"
#include "scan/sample.h"

namespace reaper::scan {

/// A client; a terminal multiplexer, in which people's sessions live; a browser that nobody but a person
/// controls: a server that opens a page for its user (a log-in, say) is its parent for as long as it
/// runs.
bool is_never_ended(const Process& process, const classify::Classification& what);

/// tmux, screen, zellij: what lives in one is a person's session.
bool is_terminal_multiplexer(const Process& process);

}  // namespace reaper::scan
