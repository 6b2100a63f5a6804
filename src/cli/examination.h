// One look at this host: two samples a window apart, the servers in them and the policy's judgement.
#pragma once

#include <chrono>

#include "base/result.h"
#include "cli/policy_option.h"
#include "policy/plan.h"
#include "policy/policy.h"
#include "scan/memory.h"
#include "scan/sample.h"
#include "scan/scanner.h"
#include "scan/snapshot.h"

namespace reaper::cli {

struct Examination {
    scan::Sample sample;
    scan::Snapshot snapshot;
    policy::Plan plan;
    policy::UserNames users;
    scan::Memory memory;  ///< Of what was seen as part of a server, up to this look.
};

/// CPU rates need a window; with 0 there is one sample and no rates. Takes as long as the window.
Result<Examination> examine_host(const ChosenPolicy& policy, std::chrono::milliseconds window,
                                 scan::Depth depth);

inline constexpr std::chrono::milliseconds kDefaultWindow = std::chrono::seconds(1);
inline constexpr std::chrono::milliseconds kLongestWindow = std::chrono::hours(1);

Option window_option();

}  // namespace reaper::cli
