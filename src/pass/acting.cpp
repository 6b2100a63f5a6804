#include "pass/acting.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "base/clocks.h"
#include "enforce/budget_file.h"
#include "enforce/cages.h"
#include "pass/private_directory.h"
#include "report/history.h"
#include "scan/children.h"

namespace reaper::pass {
namespace {

std::string half_done(const enforce::UndoEntry& entry) {
    if (!entry.stopped.empty()) return "stopped while ending it";
    return entry.frozen ? "half frozen" : "half throttled";
}

ProcessId own_id() {
    const auto id = scan::identify(::getpid());
    return id ? *id : ProcessId{.pid = ::getpid(), .start = Ticks(0)};
}

}  // namespace

Result<std::unique_ptr<Acting>> Acting::prepare(std::shared_ptr<const ChosenPolicy> policy, int stop,
                                                std::chrono::milliseconds patience, Voice voice,
                                                ActorKind kind) {
    std::unique_ptr<Acting> acting(new Acting(std::move(policy), stop, std::move(voice)));
    const Places places = our_places();
    if (auto runtime = acting->open_runtime(places); !runtime) {
        acting->no_journal_ = runtime.error().message();
    } else {
        auto lock = ActorLock::take(*places.runtime + "/lock", patience, stop, kind);
        if (!lock) return tl::unexpected(lock.error());
        acting->lock_ = std::move(*lock);
    }
    acting->open_budget(places);
    acting->open_history();
    if (kind == ActorKind::daemon) acting->tell_history();
    acting->open_host();
    acting->recover();
    return acting;
}

void Acting::go_by(std::shared_ptr<const ChosenPolicy> policy) {
    policy_ = std::move(policy);
    enforce::BudgetState counted = budget_->state();  // emplace() ends the old one first.
    budget_.emplace(policy_->loaded.policy.budget, std::move(counted));
    open_history();
    tell_history();
    open_host();
}

Result<void> Acting::open_runtime(const Places& places) {
    if (!places.runtime) return tl::unexpected(places.runtime.error());
    if (auto made = make_private_directory(*places.runtime); !made) return made;
    auto journal = enforce::UndoJournal::open(*places.runtime + "/undo");
    if (!journal) return tl::unexpected(journal.error());
    journal_ = std::move(*journal);
    return {};
}

void Acting::open_budget(const Places& places) {
    enforce::BudgetState state;
    if (journal_) {
        budget_path_ = *places.runtime + "/budget.json";
        auto stored = enforce::load_budget(budget_path_);
        if (stored) {
            state = std::move(*stored);
        } else {
            voice_.complain(stored.error().message() + "; the count of what was ended begins anew");
        }
    }
    budget_.emplace(policy_->loaded.policy.budget, std::move(state));
}

void Acting::open_history() {
    const Places places = our_places();
    recorder_.reset();  // Closed before it is opened once more.
    if (places.state) {
        recorder_ = report::History::open(history_file(*places.state), policy_->loaded.policy.history);
    } else {
        recorder_ = report::History::unavailable(places.state.error().message());
    }
}

/// At once, by whom it is opened for weeks: there may be nothing to record for long. A command says it
/// with what it did.
void Acting::tell_history() {
    if (auto trouble = recorder_->trouble()) voice_.complain(*trouble);
}

void Acting::open_host() {
    host_ = std::make_unique<enforce::SystemHost>(policy_->loaded.classifier,
                                                  assemble_options(policy_->loaded.policy),
                                                  enforce::choose_cages(), stop_);
}

enforce::Means Acting::means() {
    const auto store = [this](const enforce::BudgetState& state) -> Result<void> {
        if (budget_path_.empty()) return {};
        auto stored = enforce::store_budget(budget_path_, state);
        // Told once, until it could be stored again.
        const bool told = std::exchange(budget_unkept_, !stored.has_value());
        return told ? Result<void>() : stored;
    };
    return {*host_,      *recorder_, *budget_, store, journal_ ? &*journal_ : nullptr,
            no_journal_, own_id(),   wall_now};
}

void Acting::tell_remarks(const enforce::Enforcer& enforcer) {
    for (const std::string& text : enforcer.remarks()) voice_.complain(text);
}

void Acting::recover() {
    const policy::UserNames nobody;
    enforce::Enforcer enforcer(means(), policy_->loaded.policy, nobody);
    for (const auto& [entry, outcome] : enforcer.recover()) {
        const std::string what = entry.type + " " + std::to_string(entry.server.pid);
        if (enforce::succeeded(outcome.effect)) {
            voice_.remark("released " + what + ", which a run before this one had left " +
                          half_done(entry));
        } else {
            voice_.complain("cannot release " + what + ": " + outcome.why);
        }
    }
    tell_remarks(enforcer);
}

std::vector<report::Done> Acting::carry_out(const std::vector<enforce::Order>& orders,
                                            const scan::Memory& memory, const policy::UserNames& users,
                                            std::function<bool()> revoked) {
    host_->know(&memory);
    enforce::Means means = this->means();
    means.revoked = std::move(revoked);
    enforce::Enforcer enforcer(std::move(means), policy_->loaded.policy, users);
    std::size_t through = 0;
    const auto progress = [&](const enforce::Order&, const enforce::Outcome&) {
        if (voice_.progress) voice_.progress(++through, orders.size());
    };
    const std::vector<enforce::Outcome> outcomes = enforcer.carry_out(orders, progress);
    std::vector<report::Done> done;
    done.reserve(orders.size());
    for (std::size_t i = 0; i < orders.size(); ++i) done.push_back({orders[i], outcomes[i]});
    host_->know(nullptr);
    tell_remarks(enforcer);
    return done;
}

std::vector<enforce::UndoEntry> Acting::held() const {
    if (!journal_) return {};
    const auto contents = journal_->read();
    return contents ? contents->entries : std::vector<enforce::UndoEntry>();
}

report::Done Acting::release(const enforce::UndoEntry& entry, enforce::Origin origin) {
    const policy::UserNames nobody;
    enforce::Enforcer enforcer(means(), policy_->loaded.policy, nobody);
    report::Done done;
    done.outcome = enforcer.release(entry, origin);
    done.order.server.id = entry.server;
    done.order.server.type = entry.type;
    done.order.server.uid = entry.uid;
    done.order.deed = enforce::Deed::release;
    done.order.origin = origin;
    tell_remarks(enforcer);
    return done;
}

}  // namespace reaper::pass
