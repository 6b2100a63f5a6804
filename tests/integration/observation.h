// A scan, together with the truth at that moment.
#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "processes.h"

namespace reaper::integration {

using nlohmann::json;

struct Observation {
    json scan;
    ProcessTable table;                  ///< /proc at the scan.
    std::vector<std::set<pid_t>> trees;  ///< What lives of each server, in the order asked for.
};

/// Scans the host while these servers hold still: a browser comes and goes with helpers, so the scan is
/// repeated until /proc says the same before and after it. Each set of pids is a top, or survivors.
Observation observe(const std::vector<std::set<pid_t>>& servers);

}  // namespace reaper::integration
