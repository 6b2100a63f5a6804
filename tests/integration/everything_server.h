// @modelcontextprotocol/server-everything@2025.9.12, the server that ignores end-of-file: how it is
// started, and when it may lose its client.
#pragma once

#include <sys/types.h>

#include <set>
#include <vector>

#include "npm_client.h"

namespace reaper::integration {

Launch everything_by_npx();

// They write a log message every 15 seconds, and die of it when nobody reads any more. Each is given by
// the processes of its launch, a chain.

/// Stops them, for the test's life: when their client is killed, there is all the time to look at what
/// it leaves. Their pids.
std::vector<pid_t> silence(const std::vector<std::set<pid_t>>& chains);

/// Returns when they have all just written: where they are to be ended as they are, nearly all of the 15
/// seconds are left for that.
void await_silence(const std::vector<std::set<pid_t>>& chains);

}  // namespace reaper::integration
