// The servers of npm_packages.h, each with something to ask it: what the answer is does not depend on a
// network, a clock or chance.
#pragma once

#include <string>
#include <vector>

#include "npm_packages.h"

namespace reaper::integration {

struct AskedServer {
    Launch launch;
    json calls;  ///< The parameters of tools/call, one after the other.
};

/// `folder` is for their files: what they remember is there, what they write too.
std::vector<AskedServer> asked_servers(const std::vector<Launch>& launches, const std::string& folder);

/// `mcp-reaper run -- COMMAND…`
std::vector<std::string> guarded(const std::vector<std::string>& argv);

}  // namespace reaper::integration
