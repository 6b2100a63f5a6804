// A snapshot: the servers of a host at one moment. What policy judges.
#pragma once

#include <cstddef>
#include <vector>

#include "base/units.h"
#include "scan/sample.h"
#include "scan/server.h"

namespace reaper::scan {

struct Snapshot {
    WallTime taken_at{};
    MonotonicTime monotonic{};
    BootTime since_boot{};
    Viewer viewer;
    std::size_t processes = 0;    ///< On the whole host.
    std::vector<Server> servers;  ///< Ordered by id: the same host gives the same order.
};

}  // namespace reaper::scan
