// The history, told: for people as a table, for programs as JSON (docs/history.md).
#pragma once

#include <string>

#include "report/history_reader.h"
#include "report/scan_report.h"

namespace reaper::report {

inline constexpr int kHistorySchemaOfJson = 1;

/// What was asked for; a table that shows nothing says of what.
struct HistoryContext {
    std::string file;
    bool narrowed = false;  ///< By time, type or server.
    policy::UserNames users;
};

/// A line for each action, newest last, and below it why it was done and what it came to. Times are the
/// reader's local ones.
std::string to_table(const HistoryPage& page, const HistoryContext& context,
                     const TableOptions& options);

/// One JSON object, pretty-printed, with a newline at its end.
std::string to_json(const HistoryPage& page, const HistoryContext& context);

}  // namespace reaper::report
