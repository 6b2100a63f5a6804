// Cells of the leak matrix, run.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "leak_cell.h"

namespace reaper::integration {

/// What a cell is given until nothing of it is left.
inline constexpr std::chrono::seconds kEndTime{15};

struct LeftProcess {
    pid_t pid = 0;
    std::string comm;
    long pss_kib = 0;  ///< Its share of memory, from smaps_rollup.
};

struct Outcome {
    Cell cell;
    std::string error{};        ///< Why it could not be run; else empty.
    std::size_t processes = 0;  ///< What it had before the end.
    std::optional<std::chrono::milliseconds>
        gone_after{};                 ///< From the client's end to the last process's.
    std::vector<LeftProcess> left{};  ///< After kEndTime.
};

struct BatchOutcome {
    std::vector<Outcome> cells;
    /// Descendants of ours that cannot be told to be of one of the cells. They are left, too.
    std::vector<LeftProcess> unknown{};
};

/// Starts the cells, each with a client of its own, ends all clients at once when every server has
/// answered, and looks at what becomes of the servers. Whatever is left in the end is ended.
/// Takes a guardian (guardian.h).
BatchOutcome run_together(const std::vector<Cell>& cells);

}  // namespace reaper::integration
