// Whether a hook's command may be run as who we are.
//
// Internal to daemon/hooks.
#pragma once

#include <string>

#include "policy/policy.h"

namespace reaper::daemon {

/// Why not, in a sentence; empty where it may. The program must be an absolute path. Root runs only what
/// none but root could change: the file, what it links to, every directory on the way to both; and the
/// same for arguments that name a file, since an interpreter runs those. Anybody else runs all but a
/// file that everybody may write. Looked at before each run.
std::string untrusted_command(const policy::Hook& hook, bool root);

}  // namespace reaper::daemon
