// Command lines of processes as they are shown: taken apart at NULs, redacted, printable.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "classify/classification.h"

namespace reaper::report {

/// The arguments in the bytes of /proc/PID/cmdline. NULs at the end are padding, not empty arguments.
std::vector<std::string> split_arguments(std::string_view cmdline);

/// "node s.js --token ***": arguments with blanks in them are quoted. At most `max_bytes`.
std::string shown_command(std::string_view cmdline, std::size_t max_bytes = 2000);

/// The same for what a command line was taken apart into: program and arguments.
std::string shown_program(const classify::ParsedCommand& command);
std::string shown_arguments(const classify::ParsedCommand& command, std::size_t max_bytes = 2000);

}  // namespace reaper::report
