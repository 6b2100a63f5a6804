// A second look at some servers: all the evidence about them read again, without reading the whole host
// again. Before anything is done to a server the world may have moved on since the scan.
#pragma once

#include <span>

#include "base/result.h"
#include "classify/classifier.h"
#include "scan/memory.h"
#include "scan/sample.h"
#include "scan/server.h"

namespace reaper::scan {

/// A sample of these servers' processes as far as they still live, of all that descends from them now,
/// of what stands above them, and of their clients. assemble() makes of it the same servers, if nothing
/// has changed. Costs some 100 µs a process that belongs to one of the servers, whatever else the host
/// runs.
///
/// What descends from them may have grown past any bound on a host under a fork bomb: after
/// kMostProcesses it fails with E2BIG. `memory`: as for read_host().
Result<Sample> read_again(std::span<const Server> servers, const classify::Classifier& classifier,
                          const Memory* memory = nullptr);

inline constexpr std::size_t kMostProcesses = 50'000;

}  // namespace reaper::scan
