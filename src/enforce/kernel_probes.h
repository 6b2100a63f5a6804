// Tries the kernel's services on a child of our own.
//
// Internal to enforce/host_facts.
#pragma once

#include "enforce/host_facts.h"

namespace reaper::enforce {

/// Starts a child that does nothing, and ends it again.
KernelFacts probe_kernel();

/// Asks the managers for their version, each at most a second.
SystemdFacts probe_systemd(uid_t uid);

}  // namespace reaper::enforce
