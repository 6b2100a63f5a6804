// Everything that a running daemon tells, as `mcp-reaper events --follow` prints it: also where nothing
// can be written any more.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "daemon_run.h"
#include "program.h"

namespace reaper::integration {

class EventReader {
  public:
    /// Of a daemon that is ready. What it has told before comes first.
    explicit EventReader(const DaemonRun& daemon);

    /// The next event of that kind that fits, of those since the last one that was awaited; null, with a
    /// test failure, where there is none in time.
    json await(const std::string& kind, const std::function<bool(const json&)>& fits = {},
               std::chrono::milliseconds within = 60s);

    /// All of that kind that were there by now.
    std::vector<json> all(const std::string& kind);

  private:
    bool read(std::chrono::milliseconds within);

    Program program_;
    std::vector<json> seen_;
    std::size_t awaited_ = 0;  ///< Of those seen.
};

}  // namespace reaper::integration
