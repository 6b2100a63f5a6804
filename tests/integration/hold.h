// What holds a process up, read from /proc and the control groups by plain means: SIGSTOP, a freezer, a
// CPU quota or weight of one of our cages.
#pragma once

#include <sys/types.h>

#include <string>

namespace reaper::integration {

struct Hold {
    bool stopped = false;  ///< State T.
    bool frozen = false;   ///< In a frozen cage.
    bool limited = false;  ///< Its cage has a CPU quota, or another weight than the usual.
    std::string cage;      ///< The name of the cage it is in; empty: in none.
    bool operator==(const Hold&) const = default;
};

/// All false where the process is gone.
Hold hold_on(pid_t pid);

/// Whether any hierarchy has a cage of that name.
bool cage_exists(const std::string& cage);

}  // namespace reaper::integration
