// The heart: what should be done about what is. Pure: the same inputs always give the same plan.
#pragma once

#include "policy/plan.h"
#include "policy/policy.h"
#include "policy/tracks.h"
#include "scan/snapshot.h"

namespace reaper::policy {

/// `tracks` must already have been advanced with `snapshot`; "now" is the snapshot's own moment. A
/// server without a track has only just been seen.
///
/// Only reported, whatever the rule says (safety rules 2 and 3): suspected servers, those of which only
/// zombies are left, a container's launcher, a unit's main process, one that contains a protected
/// process, another user's unless the viewer is root. One with unknown evidence is at most throttled.
///
/// `due` and `pending` name a server at most once, in one of them, with the harshest that its findings
/// ask for; due: terminate before freeze before throttle, then who goes first (duplicates.h). The order
/// of the snapshot's servers has no say in it. 10,000 servers cost about 20 ms, advance() 12 ms.
Plan evaluate(const scan::Snapshot& snapshot, const Tracks& tracks, const Policy& policy,
              const UserNames& users = {});

}  // namespace reaper::policy
