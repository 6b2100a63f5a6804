// Where our own files are.
//
// root:    /run/mcp-reaper and /var/lib/mcp-reaper
// a user:  $XDG_RUNTIME_DIR/mcp-reaper (else /run/user/UID/mcp-reaper) and
//          $XDG_STATE_HOME/mcp-reaper (else ~/.local/state/mcp-reaper)
//
// $RUNTIME_DIRECTORY and $STATE_DIRECTORY, which systemd sets for a service (systemd.exec(5)), win over
// both. Nothing is created here, and no path is looked into.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"

namespace reaper::pass {

/// Directories of this program alone; where there is none, why, and what would give one.
struct Places {
    Result<std::string> runtime;  ///< Until the next reboot: the undo journal, the control socket.
    Result<std::string> state;    ///< For good: the history, budget and breaker.
};

Places our_places();

/// The history's file below `Places::state`.
std::string history_file(const std::string& state);

/// HOME where that is a directory of ours (after `su` it may be somebody else's), else what the system's
/// user database says.
std::optional<std::string> our_home();

/// A directory of the XDG base directory specification: what `variable` says if that is absolute
/// (another is to be ignored), else `below_home` in the user's own home. Nothing where there is no home.
std::optional<std::string> xdg_home(const char* variable, const std::string& below_home);

}  // namespace reaper::pass
