// The heart: what should be done about what is. Pure: the same inputs always give the same plan.
#pragma once

#include "policy/circumstances.h"
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
/// The steps of an escalation count from when the finding first held for as long as its rule asks; what
/// breaks that span off begins it anew.
///
/// `due` and `pending` name a server at most once, in one of them, with the harshest that its findings
/// ask for; due: terminate before freeze before throttle, then who goes first (duplicates.h). The order
/// of the snapshot's servers has no say in it. 10,000 servers cost about 20 ms, advance() 12 ms.
///
/// While memory is short (`circumstances`, and pressure: is not switched off) pressure's limits are in
/// force where they are stricter, sparing whom pressure.spare says. The spans of over_cpu and
/// over_memory are not waited for then, but for a server in use that pressure alone could not end.
/// Everything else stays as it is: what pressure adds is never milder, and never ends a server in use
/// unless pressure.spare says so.
Plan evaluate(const scan::Snapshot& snapshot, const Tracks& tracks, const Policy& policy,
              const UserNames& users = {}, const Circumstances& circumstances = {});

}  // namespace reaper::policy
