// The history's file: private, checked when it is opened, set aside where it is damaged.
//
// Internal to report/history.
#pragma once

#include <string>

#include "base/units.h"
#include "report/database.h"

namespace reaper::report {

/// So long a locked history is waited for; then it goes on without.
inline constexpr std::chrono::milliseconds kBusyTimeout{250};

struct OpenedHistory {
    Database database;
    std::string remark;  ///< That a damaged one was set aside, and where; else empty.
};

struct OpenFailure {
    std::string why;        ///< "cannot open the history /x/history.db: …"
    bool for_good = false;  ///< Trying again would change nothing: it is a later version's.
};

/// For writing. Makes directory (0700) and file (0600) where there are none; refuses a directory or a
/// file that others own, and a directory that others may write. A damaged history is renamed to
/// "history.db.corrupt-20261121T120000Z" with its -wal and -shm, and a new one is begun; what a later
/// version has written is not touched.
tl::expected<OpenedHistory, OpenFailure> open_history_file(const std::string& path, WallTime now);

}  // namespace reaper::report
