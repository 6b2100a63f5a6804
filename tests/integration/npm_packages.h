// The servers of tests/npm/package.json, as the tests launch them.
#pragma once

#include <string>
#include <vector>

#include "npm_client.h"

namespace reaper::integration {

/// Every server once, by `npx -y PACKAGE`. Those that need a browser are left out where there is none.
std::vector<Launch> launches_by_npx();

/// Every server once, by `node …/node_modules/.bin/NAME`.
std::vector<Launch> launches_by_node();

/// Every server with a browser, by `npx -y PACKAGE`, which has a page open before it counts as started.
std::vector<Launch> launches_with_open_page();

/// The one whose type it is.
Launch launch_of(const std::vector<Launch>& launches, const std::string& type);

}  // namespace reaper::integration
