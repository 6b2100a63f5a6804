// What servers that have ended have left behind: which processes, and what speaks for it. Pure.
//
// Two ways to know. What was seen as part of a server before is remembered (memory.h). And a browser
// tells by itself whose it was by its profile, and that its server is gone by its debugging pipe.
//
// Internal to scan/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "classify/classifier.h"
#include "scan/grouping.h"
#include "scan/memory.h"

namespace reaper::scan {

/// Processes that are claimed, and what they are if nothing else is left of their server.
struct Remainder {
    Claim claim;
    LeftOver left_over;
    RememberedServer server;       ///< As it was, or what a browser tells of it: type, rule, program.
    std::optional<Index> browser;  ///< The browser among the roots, whose debugging pipe is looked at.
};

/// All claims, those of proven left-overs apart from the others.
std::vector<Remainder> find_remainders(const ProcessTree& tree, const Classifications& classified,
                                       const classify::Classifier& classifier, const Memory* memory);

}  // namespace reaper::scan
