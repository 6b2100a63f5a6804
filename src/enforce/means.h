// Whom and what actions are carried out with.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/process_id.h"
#include "base/result.h"
#include "base/units.h"
#include "enforce/budget.h"
#include "enforce/host.h"
#include "enforce/recorder.h"
#include "enforce/undo_journal.h"

namespace reaper::enforce {

/// All that is referred to must outlive whoever has it.
struct Means {
    Host& host;
    Recorder& recorder;
    Budget& budget;
    /// Stores the budget before a first signal. An Error is told, and stops nothing.
    std::function<Result<void>(const BudgetState&)> store_budget;
    /// Absent: throttle and freeze are refused, with `no_journal` as the reason.
    UndoJournal* journal = nullptr;
    std::string no_journal;
    ProcessId self;
    WallTime (*wall_time)() = nullptr;
    /// Whether what the rules ordered is not to be begun any more: there are other rules, or none for
    /// now. Empty: never.
    std::function<bool()> revoked = {};
};

/// What people should know besides the outcomes: recording or storing that failed.
class Remarks {
  public:
    /// Each once: a full disk is as full at the twentieth server.
    void add(std::string text) {
        if (std::find(all_.begin(), all_.end(), text) == all_.end()) all_.push_back(std::move(text));
    }
    [[nodiscard]] const std::vector<std::string>& all() const { return all_; }

  private:
    std::vector<std::string> all_;
};

}  // namespace reaper::enforce
