// The rows of the history's one table, written and forgotten.
//
// Internal to report/history.
#pragma once

#include <cstdint>
#include <string>

#include "base/units.h"
#include "report/database.h"
#include "report/history_record.h"

namespace reaper::report {

/// Stores a new record, its outcome too where it has one; on disk when it returns. Its number.
DatabaseResult<std::int64_t> insert_row(Database& database, const HistoryRecord& record);

/// Adds its outcome to the record of that number. False where there is none of this recorder's about
/// this very action: numbers begin anew in a new file.
DatabaseResult<bool> conclude_row(Database& database, const HistoryRecord& record);

/// Forgets what was begun before `oldest`, then the oldest until the rest fits into `max_size`, and
/// gives the room back to the disk.
DatabaseResult<void> prune_rows(Database& database, WallTime oldest, Bytes max_size);

}  // namespace reaper::report
