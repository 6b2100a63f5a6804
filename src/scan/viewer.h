// Who looks, and how much of the host that shows.
//
// Internal to scan/.
#pragma once

#include "scan/sample.h"

namespace reaper::scan {

/// This process: its effective user, and whether it may look at everybody's descriptors.
Viewer current_viewer();

}  // namespace reaper::scan
