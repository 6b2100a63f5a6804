// The directories that our files are in.
#pragma once

#include <string>

#include "base/result.h"

namespace reaper {

/// Of a file: "." where its path names none.
std::string directory_of(const std::string& path);

/// With its parents, all for us alone (0700), as the XDG base directory specification has it. What is
/// there already stays as it is.
Result<void> make_directory(const std::string& path);

}  // namespace reaper
