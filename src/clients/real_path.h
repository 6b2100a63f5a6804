// Where a path leads in the end, and over whose symbolic links.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>

#include "base/result.h"

namespace reaper::clients {

struct RealPath {
    std::string directory;       ///< Absolute, without links.
    std::string name;            ///< In it: of the file itself, which need not be there.
    std::set<uid_t> link_users;  ///< Whose the links are that were followed.

    [[nodiscard]] std::string path() const;
};

/// realpath(3), which does not tell the links.
Result<RealPath> real_path(const std::string& path);

}  // namespace reaper::clients
