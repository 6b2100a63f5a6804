// What could not be done is not tried again at every pass: an order whose outcome was no success waits,
// ever longer, before the same server is tried again. Pure.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "enforce/outcome.h"
#include "report/outcome_report.h"

namespace reaper::daemon {

class Retries {
  public:
    /// What came of a pass. True where the outcome is worth telling: it is the first of its kind for
    /// this server in a row.
    bool note(const report::Done& done, MonotonicTime now);

    /// Takes out what is still to wait.
    void hold_back(std::vector<enforce::Order>& orders, MonotonicTime now) const;

    /// What has ended is forgotten.
    void keep_only(const std::set<ProcessId>& living);

    [[nodiscard]] std::size_t size() const { return waiting_.size(); }

  private:
    struct Waiting {
        unsigned failures = 0;
        MonotonicTime not_before{};
        enforce::Effect effect{};
    };
    /// A throttle that is refused holds back no ending.
    using Tried = std::pair<ProcessId, enforce::Deed>;
    std::map<Tried, Waiting> waiting_;
};

inline constexpr std::chrono::seconds kFirstRetry{10};
inline constexpr std::chrono::seconds kLongestRetry{600};

}  // namespace reaper::daemon
