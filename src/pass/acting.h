// All that it takes to act on this host: to be the only one who does, the undo journal, the budget, the
// history, and the host itself.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "enforce/budget.h"
#include "enforce/enforcer.h"
#include "enforce/outcome.h"
#include "enforce/recorder.h"
#include "enforce/system_host.h"
#include "enforce/undo_journal.h"
#include "pass/actor_lock.h"
#include "pass/places.h"
#include "pass/policy_source.h"
#include "policy/policy.h"
#include "report/outcome_report.h"
#include "scan/memory.h"

namespace reaper::pass {

/// Where what should be known besides the outcomes goes: a terminal, a journal.
struct Voice {
    std::function<void(const std::string&)> complain;  ///< Something went wrong.
    std::function<void(const std::string&)> remark;    ///< Something was done that nobody asked for now.
    /// So many of so many orders are concluded. May be empty.
    std::function<void(std::size_t through, std::size_t of)> progress;
};

class Acting {
  public:
    /// Takes the lock, opens what is needed, and undoes what a run that was ended in the middle left
    /// half done. What is missing but not indispensable (a history, a journal) is complained about. An
    /// Error where nothing may be done: another one is acting, and has not finished within `patience`.
    ///
    /// `stop`: a descriptor that is readable when nothing new is to be begun.
    static Result<std::unique_ptr<Acting>> prepare(std::shared_ptr<const ChosenPolicy> policy, int stop,
                                                   std::chrono::milliseconds patience, Voice voice,
                                                   ActorKind kind = ActorKind::command);

    /// From now on by this policy: its budget, its patterns, its grace time. What was counted stays.
    void go_by(std::shared_ptr<const ChosenPolicy> policy);

    /// `memory` and `users`: of the look that the orders come from. `revoked`: see enforce::Means.
    std::vector<report::Done> carry_out(const std::vector<enforce::Order>& orders,
                                        const scan::Memory& memory, const policy::UserNames& users,
                                        std::function<bool()> revoked = {});

    /// Undoes what a run that was ended in the middle left half done, and forgets what has ended.
    void recover();

    /// What is frozen or throttled by us now. Empty where there is no journal.
    [[nodiscard]] std::vector<enforce::UndoEntry> held() const;
    report::Done release(const enforce::UndoEntry& entry, enforce::Origin origin);

    [[nodiscard]] enforce::CageAbilities cages() const { return host_->cages().abilities(); }
    [[nodiscard]] const enforce::Budget& budget() const { return *budget_; }

  private:
    Acting(std::shared_ptr<const ChosenPolicy> policy, int stop, Voice voice)
        : policy_(std::move(policy)), stop_(stop), voice_(std::move(voice)) {}
    Result<void> open_runtime(const Places& places);
    void open_history();
    void tell_history();
    void open_budget(const Places& places);
    void open_host();
    [[nodiscard]] enforce::Means means();
    void tell_remarks(const enforce::Enforcer& enforcer);

    std::shared_ptr<const ChosenPolicy> policy_;
    int stop_;
    Voice voice_;
    std::optional<ActorLock> lock_;
    std::unique_ptr<enforce::Recorder> recorder_;
    std::unique_ptr<enforce::SystemHost> host_;
    std::optional<enforce::UndoJournal> journal_;
    std::string no_journal_;
    std::string budget_path_;     ///< Empty: it lasts as long as we do.
    bool budget_unkept_ = false;  ///< It could not be stored the last time.
    std::optional<enforce::Budget> budget_;
};

/// How long another one of us is waited for, where that is a command: most runs that act take less.
inline constexpr std::chrono::milliseconds kPatience = std::chrono::seconds(15);

}  // namespace reaper::pass
