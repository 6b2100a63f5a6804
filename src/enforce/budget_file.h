// Keeps the budget across restarts: a file in the runtime directory, so that it is gone after a reboot,
// as its moments since boot are worth nothing then.
#pragma once

#include <string>

#include "base/result.h"
#include "enforce/budget.h"

namespace reaper::enforce {

/// What is stored there. An empty state where there is no file; an Error where it cannot be read or
/// understood: then whoever asks must be told, and begins anew.
Result<BudgetState> load_budget(const std::string& path);

/// Written whole or not at all.
Result<void> store_budget(const std::string& path, const BudgetState& state);

}  // namespace reaper::enforce
