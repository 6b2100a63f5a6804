// Reads the host: the process table by libproc2, and the evidence about what may be a server.
#pragma once

#include <chrono>

#include "base/result.h"
#include "classify/classifier.h"
#include "scan/memory.h"
#include "scan/sample.h"
#include "scan/snapshot.h"

namespace reaper::scan {

/// How much to look at.
enum class Depth {
    usage,      ///< stat only: the first of two samples of a window. No command lines.
    servers,    ///< Everything of what may be a server.
    recording,  ///< The evidence of every process, so that another policy may judge it later.
};

/// One sample of this host. Fails only where /proc as a whole cannot be read: a process that dies
/// in between is not in the sample, what may not be read is absent. What `memory` knows as part of a
/// server is looked at too, also where nothing else speaks for it any more.
Result<Sample> read_host(const classify::Classifier& classifier, Depth depth,
                         const Memory* memory = nullptr);

}  // namespace reaper::scan
