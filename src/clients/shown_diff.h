// A change to a configuration, as a person is shown it before it is made.
#pragma once

#include <string>

#include "report/scan_report.h"

namespace reaper::clients {

/// Unified, with three lines around each change, coloured where the options say so. Without secrets,
/// harmless to a terminal; of a very long line only what is around the change. Empty where nothing
/// changes.
std::string shown_diff(const std::string& file, const std::string& before, const std::string& after,
                       const report::TableOptions& options);

}  // namespace reaper::clients
