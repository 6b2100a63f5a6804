// Orders carried out by the daemon where one runs: it is the only one who acts then.
#pragma once

#include <optional>
#include <tl/expected.hpp>
#include <vector>

#include "cli/command.h"
#include "cli/daemon_client.h"
#include "enforce/outcome.h"
#include "pass/interrupts.h"
#include "report/outcome_report.h"

namespace reaper::cli {

/// What was done, or after a complaint the code to end with.
using DoneByDaemon = tl::expected<std::vector<report::Done>, ExitCode>;

/// Sends the orders to root's daemon, which governs everybody's servers, else to our own. Nothing where
/// neither runs: then we are to act ourselves. `own_policy`: a policy was named that it does not go by.
std::optional<DoneByDaemon> done_by_daemon(const std::vector<enforce::Order>& orders, bool own_policy,
                                           const pass::Interrupts& interrupts);

/// Root's daemon knows nothing of what an ordinary user has frozen or throttled without it: that is for
/// them to release as well.
struct ReleasedByDaemon {
    std::vector<report::Done> done;
    bool ours_too = false;
    bool all = true;  ///< Everything that was named was known there.
};
std::optional<tl::expected<ReleasedByDaemon, ExitCode>> released_by_daemon(
    const Arguments& arguments, const pass::Interrupts& interrupts);

}  // namespace reaper::cli
