// The last look before a server is touched: is what was ordered still right?
#pragma once

#include <optional>
#include <tl/expected.hpp>

#include "enforce/host.h"
#include "enforce/outcome.h"
#include "policy/policy.h"
#include "scan/snapshot.h"

namespace reaper::enforce {

/// Refers to all that it is given.
class Judge {
  public:
    Judge(Host& host, const policy::Policy& policy, const policy::UserNames& users)
        : host_(host), policy_(policy), users_(users) {}

    /// `snapshot` was read a moment ago. The server as it is now, with all that was seen as part of it
    /// when the order was made and still lives; or the outcome, where nothing may be done to it.
    tl::expected<scan::Server, Outcome> judge(const Order& order, const scan::Snapshot& snapshot);

  private:
    [[nodiscard]] std::optional<Outcome> judge_by_rule(const Order& order, const scan::Server& now,
                                                       const scan::Viewer& viewer) const;
    [[nodiscard]] std::optional<Outcome> judge_by_hand(const Order& order,
                                                       const scan::Server& now) const;
    std::optional<Outcome> keep_old_members(const Order& order, const scan::Snapshot& snapshot,
                                            scan::Server& now);

    Host& host_;
    const policy::Policy& policy_;
    const policy::UserNames& users_;
};

}  // namespace reaper::enforce
