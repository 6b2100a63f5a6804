// @modelcontextprotocol/server-everything@2025.9.12, the server that ignores end-of-file: how it is
// started, and when it may lose its client.
#pragma once

#include <sys/types.h>

#include <set>
#include <vector>

#include "npm_client.h"

namespace reaper::integration {

Launch everything_by_npx();

/// Returns when these servers (each given by the processes of its launch, a chain) have all just written
/// a log message. They write one every 15 seconds, and die of it when nobody reads any more, so this is
/// when a client is killed whose orphans are to be looked at: nearly all of the 15 seconds are left.
void await_silence(const std::vector<std::set<pid_t>>& chains);

}  // namespace reaper::integration
