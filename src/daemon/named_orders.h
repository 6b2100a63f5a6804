// What a request of the control API names, found among what the daemon knows. Pure.
#pragma once

#include <tl/expected.hpp>
#include <vector>

#include "daemon/control_json.h"
#include "daemon/governor.h"
#include "daemon/peer.h"
#include "enforce/outcome.h"
#include "enforce/undo_journal.h"
#include "policy/policy.h"

namespace reaper::daemon {

/// Orders for the servers that are named by any of their processes. A server that is not the peer's is
/// not there. A Refusal where one is not found: then nothing is done at all.
///
/// With `rules` only what this daemon's own plan has due for them: empty where nothing is.
tl::expected<std::vector<enforce::Order>, Refusal> named_orders(const ActionRequest& request,
                                                                const Look& look,
                                                                const policy::Policy& policy,
                                                                const Peer& peer);

/// What of `held` is to be released.
tl::expected<std::vector<enforce::UndoEntry>, Refusal> named_entries(
    const ActionRequest& request, const std::vector<enforce::UndoEntry>& held,
    const scan::Snapshot& snapshot, const Peer& peer);

}  // namespace reaper::daemon
