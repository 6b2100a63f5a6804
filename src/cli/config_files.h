// What the commands that change configurations of clients share.
#pragma once

#include "base/result.h"
#include "clients/backups.h"

namespace reaper::cli {

/// In our state directory. An Error where there is none.
Result<clients::Backups> our_backups();

}  // namespace reaper::cli
