// The pattern lists that matchers are measured with.
#pragma once

#include <cstddef>
#include <vector>

#include "classify/classifier.h"

namespace reaper::bench {

/// The first `count` of: the seven of crash-prevention.yaml, those of the built-in policy, made-up ones
/// of the same two shapes ("acme12-mcp-server", "acme13.*mcp"). None asks for the whole line.
std::vector<classify::TypePattern> patterns(std::size_t count);

/// `count` of the dear shape alone ("acme7.*mcp"): what has been seen of each must be kept in mind to
/// the end of the text, so a hostile text leads an automaton for all of them through ever new states.
std::vector<classify::TypePattern> open_patterns(std::size_t count);

}  // namespace reaper::bench
