// Puts a file back to what it was before it was wrapped or unwrapped.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "clients/backups.h"
#include "clients/config_file.h"

namespace reaper::clients {

struct RestoreOptions {
    std::optional<unsigned> number;  ///< Absent: the newest.
    bool even_if_edited = false;
};

struct Restoring {
    std::string path;                ///< As it was asked for.
    std::optional<ConfigFile> file;  ///< Absent: there is none, it is made anew.
    Backup backup;
};

/// Refused where somebody else has written to the file since we last did: their changes would be lost.
Result<Restoring> plan_restoring(const std::string& path, const Backups& backups,
                                 const RestoreOptions& options);

/// What is there now becomes a backup too.
Result<void> carry_out(const Restoring& restoring, const Backups& backups, WallTime now);

}  // namespace reaper::clients
