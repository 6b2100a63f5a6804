// The cage that a guarded server is born in: we enter it, and what we execute and start stays in it.
#pragma once

#include <string>

#include "base/result.h"
#include "enforce/cage_limits.h"

namespace reaper::cli {

/// Puts this process into a cage of its own with these limits. Cages of guards that have ended, which
/// nobody has removed, are removed on the way.
Result<void> enter_guard_cage(const std::string& type, const enforce::CageLimits& limits);

}  // namespace reaper::cli
