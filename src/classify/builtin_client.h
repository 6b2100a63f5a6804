// Whether a process is a client, without a Classifier: fifty guards wait for the day they ask that, and
// need not keep compiled patterns until then.
//
// Knows the built-in clients, as a Classifier does; a policy's own `clients:` only a Classifier knows.
#pragma once

#include <string_view>

#include "classify/classification.h"
#include "classify/command_line.h"

namespace reaper::classify {

/// Role::client with the client's name as its type, or Role::none. `exe`: /proc/PID/exe.
Classification builtin_client(const CommandLine& line, std::string_view exe);

}  // namespace reaper::classify
