// Sample -> Snapshot: which processes are one server, whose it is, what it uses. Pure.
#pragma once

#include <sys/types.h>

#include <vector>

#include "classify/classifier.h"
#include "scan/memory.h"
#include "scan/sample.h"
#include "scan/snapshot.h"

namespace reaper::scan {

/// What a policy says about telling servers; plain values so that scan need not know policies.
struct AssembleOptions {
    std::vector<std::string> helper_listens;  ///< Types for which a helper's listening socket counts.
};

/// The servers in `sample`, and what servers that have ended have left behind: what `memory` knows as
/// part of one, and browsers that tell it themselves. CPU use is the difference to `previous`, absent
/// without one. The same inputs always give the same snapshot.
Snapshot assemble(const Sample& sample, const classify::Classifier& classifier,
                  const Sample* previous = nullptr, const AssembleOptions& options = {},
                  const Memory* memory = nullptr);

/// What one process is by itself. A zombie by its name: that is all that is left of it.
classify::Classification classify_process(const Process& process,
                                          const classify::Classifier& classifier);

}  // namespace reaper::scan
