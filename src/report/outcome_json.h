// What was done as JSON, for the report of a scan and for the control API.
//
// Internal to report/.
#pragma once

#include <vector>

#include "report/json_values.h"
#include "report/outcome_report.h"

namespace reaper::report {

Json json_of(const std::vector<Done>& done);

}  // namespace reaper::report
