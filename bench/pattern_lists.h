// The pattern lists that matchers are measured with.
#pragma once

#include <cstddef>
#include <vector>

#include "classify/classifier.h"

namespace reaper::bench {

/// The first `count` of: the seven of crash-prevention.yaml, those of the built-in policy, made-up ones
/// of the same two shapes ("acme12-mcp-server", "acme13.*mcp"). None asks for the whole line.
std::vector<classify::TypePattern> patterns(std::size_t count);

}  // namespace reaper::bench
