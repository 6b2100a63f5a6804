// A command of the program: its manual page and what runs it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/help.h"
#include "cli/options.h"

namespace reaper::cli {

/// What the program returns; the same for every command (`mcp-reaper --help`).
enum class ExitCode {
    ok = 0,
    failed = 1,    ///< It could not be done: no such process, a full disk, an unreadable file.
    usage = 2,     ///< Wrong use, or a policy with mistakes. Nothing was done.
    findings = 3,  ///< `scan --exit-code`, and a server breaks a rule; `status --exit-code` likewise.
};

struct Command {
    Page page;  ///< Its options are the ones it takes.
    /// Does the work with arguments that fit the page. Null for a command that only groups others.
    ExitCode (*run)(const Arguments& arguments) = nullptr;
    std::vector<Command> subcommands;
};

// One file each: scan.cpp, explain.cpp …
Command scan_command();
Command explain_command();
Command kill_command();
Command throttle_command();
Command freeze_command();
Command release_command();
Command classify_command();
Command completion_command();
Command policy_command();
Command record_command();
Command replay_command();
Command history_command();
Command doctor_command();
Command daemon_command();
Command run_command();
Command guards_command();
Command crashes_command();
Command status_command();
Command events_command();
Command reload_command();  // steer.cpp, with the next two.
Command pause_command();
Command resume_command();
Command wrap_command();
Command unwrap_command();  // wrap.cpp
Command restore_command();

}  // namespace reaper::cli
