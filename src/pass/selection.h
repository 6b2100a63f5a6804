// Narrowing what is shown of a host to some types or one user's servers.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "policy/plan.h"
#include "scan/snapshot.h"

namespace reaper::pass {

struct Selection {
    std::vector<std::string> types;   ///< Empty: all.
    std::optional<uid_t> user;        ///< Absent: all.
    std::vector<pid_t> pids;          ///< Servers that have one of these processes; empty: all.
    std::vector<policy::Rule> rules;  ///< Only actions that one of these asks for; empty: all.
};

/// By type, user and pid.
bool selected(const scan::Server& server, const Selection& selection);

/// Takes out of both what is not selected. To be done after judging: duplicates are counted on the
/// whole host, and a view of it must not change the verdict.
void narrow(scan::Snapshot& snapshot, policy::Plan& plan, const Selection& selection);

}  // namespace reaper::pass
