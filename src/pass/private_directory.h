// Directories that only we may look into.
#pragma once

#include <string>

#include "base/result.h"

namespace reaper::pass {

/// Makes it, and what is missing above it, with mode 0700. Refuses one that is a link, that somebody
/// else owns, or that others may write.
Result<void> make_private_directory(const std::string& path);

}  // namespace reaper::pass
