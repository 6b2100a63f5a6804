// Where the program of a command is, and whether it can be executed: looked at before it is started, so
// that the client can be told in words.
#pragma once

#include <string>

#include "base/result.h"

namespace reaper::guard {

/// As execvp(3) looks for it. The Error's errno_code is ENOENT where there is none, EACCES where it may
/// not be executed.
Result<std::string> find_program(const std::string& name);

}  // namespace reaper::guard
