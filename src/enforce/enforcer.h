// Carries orders out: every action on every server passes through here, and so through the safety rules.
//
// An order is judged once more with evidence that was read a moment ago, recorded, carried out, and what
// it came to recorded again. Nothing here prints; what should be said is in the outcomes and remarks.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "enforce/caging.h"
#include "enforce/judge.h"
#include "enforce/means.h"
#include "enforce/outcome.h"
#include "enforce/termination.h"
#include "enforce/undo_journal.h"
#include "policy/policy.h"

namespace reaper::enforce {

class Enforcer {
  public:
    using Progress = std::function<void(const Order&, const Outcome&)>;

    Enforcer(Means means, const policy::Policy& policy, const policy::UserNames& users)
        : means_(std::move(means)),
          policy_(policy),
          judge_(means_.host, policy, users),
          caging_(means_, remarks_) {}
    Enforcer(const Enforcer&) = delete;
    Enforcer& operator=(const Enforcer&) = delete;

    /// In this order as far as that can be told: servers are ended side by side. One outcome an order,
    /// in the orders' order. `progress` is called as each is concluded.
    std::vector<Outcome> carry_out(const std::vector<Order>& orders, const Progress& progress = {});

    /// Thaws and lifts what the journal says was done. The server may be gone: then what is left is
    /// tidied up. Recorded like any other action.
    Outcome release(const UndoEntry& entry, Origin origin);

    /// What a run of ours that was ended in the middle left half done is undone, and what has ended
    /// since is forgotten: to be called before anything else is done. What was released is returned.
    /// What is held, and meant to be, stays so.
    std::vector<std::pair<UndoEntry, Outcome>> recover();

    /// What people should know besides: recording or storing that failed.
    [[nodiscard]] const std::vector<std::string>& remarks() const { return remarks_.all(); }

  private:
    /// An order that is being carried out.
    struct Running {
        std::size_t index = 0;
        Recorder::Entry entry = 0;
        std::unique_ptr<Termination> termination;
    };

    [[nodiscard]] std::optional<Outcome> over_budget(const scan::Server& server);
    /// Somebody wants that nothing more is begun, or not by these rules.
    [[nodiscard]] std::optional<Outcome> withdrawn(const Order& order) const;
    /// To be asked with nothing left between it and the deed: where the last look has grown old (a disk
    /// or a systemd that is busy), the evidence is read once more, and that is the last look. `ending`:
    /// who holds its processes, where it is to be ended.
    [[nodiscard]] std::optional<Outcome> objection_by_now(const Order& order,
                                                          std::chrono::steady_clock::time_point& looked,
                                                          Termination* ending);

    void begin_some(const std::vector<Order>& orders, std::size_t first, std::size_t count);
    void begin(const std::vector<Order>& orders, std::size_t index, const scan::Snapshot& snapshot,
               std::chrono::steady_clock::time_point decided);
    void begin_ending(const std::vector<Order>& orders, std::size_t index, const Order& order,
                      std::set<ProcessId> others, std::chrono::steady_clock::time_point decided);
    void drive(const std::vector<Order>& orders);
    void conclude(const std::vector<Order>& orders, std::size_t index, Recorder::Entry entry,
                  Outcome outcome);
    void note_trouble();

    Means means_;
    const policy::Policy& policy_;
    Remarks remarks_;
    Judge judge_;
    Caging caging_;
    std::vector<Running> running_;
    std::vector<Outcome> outcomes_;
    Progress progress_;
};

}  // namespace reaper::enforce
