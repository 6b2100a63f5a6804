// The tables of the history, and how older ones become newer ones.
//
// Internal to report/history.
#pragma once

#include "report/database.h"

namespace reaper::report {

/// PRAGMA user_version of what this program writes.
inline constexpr int kHistorySchema = 1;

enum class SchemaState {
    fresh,    ///< Nothing is in it yet.
    older,    ///< Ours, to be migrated.
    current,  ///< Ours.
    newer,    ///< Written by a later version of this program.
    foreign,  ///< Another program's database.
};

DatabaseResult<SchemaState> schema_state(Database& database);

/// Makes fresh or older tables current, wholly or not at all. Two may try at once.
DatabaseResult<void> migrate(Database& database);

}  // namespace reaper::report
