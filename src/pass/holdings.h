// What is frozen or throttled by us, beside what a plan asks for now. Pure.
#pragma once

#include <vector>

#include "enforce/outcome.h"
#include "enforce/undo_journal.h"
#include "policy/plan.h"

namespace reaper::pass {

/// What a plan is about.
enum class Extent {
    selection,  ///< Some of the host's servers: of the others it says nothing.
    host,       ///< All of them: what it does not name is no server by this policy.
};

/// What a rule has throttled or frozen and no rule of that name asks for any more, because the finding
/// is no more or the policy has become milder: to be released. What a person has asked for stays.
std::vector<enforce::UndoEntry> cleared(const std::vector<enforce::UndoEntry>& held,
                                        const policy::Plan& plan, Extent extent);

/// Those that are caged as they should be already need no second time.
void drop_held(std::vector<enforce::Order>& orders, const std::vector<enforce::UndoEntry>& held);

}  // namespace reaper::pass
