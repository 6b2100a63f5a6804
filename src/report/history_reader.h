// Reads the history without changing it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "report/history_record.h"

namespace reaper::report {

struct HistoryQuery {
    std::optional<WallTime> since{};     ///< Begun then or later.
    std::vector<std::string> types{};    ///< Empty: all.
    std::optional<pid_t> server{};       ///< The server's pid, or that of one of its processes.
    std::optional<uid_t> user{};         ///< Whose server it was.
    std::optional<std::size_t> limit{};  ///< The newest so many.
};

struct HistoryPage {
    std::vector<HistoryRecord> records;  ///< Newest last.
    std::size_t left_out = 0;            ///< Older ones that fit too, beyond the limit.
};

/// Nothing where nothing was ever recorded: there is no file. Neither the file nor anything beside it is
/// made or changed; another process may be writing it meanwhile.
Result<std::optional<HistoryPage>> read_history(const std::string& file, const HistoryQuery& query);

}  // namespace reaper::report
