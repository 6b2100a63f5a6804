// The history: every action, written down before it happens and after (docs/history.md).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/process_id.h"
#include "base/units.h"
#include "enforce/recorder.h"
#include "policy/policy.h"

namespace reaper::report {

/// What tells the time; turned by tests.
struct HistoryClock {
    std::function<WallTime()> wall;
    std::function<MonotonicTime()> steady;
};
HistoryClock real_history_clock();

/// A Recorder on an SQLite file that only its owner may read. Several processes may write one at once.
///
/// Where the file cannot be written (a full disk, a lock, a directory that is read-only) recording
/// stops, says so once through trouble(), and is tried again half a minute later: an action waits for a
/// lock at most a quarter of a second, and that not at every action. What was not recorded when it
/// began is recorded whole when it has ended, if that can be done by then.
class History final : public enforce::Recorder {
  public:
    /// `file` and its directory are made where they are missing. Never null: a history that could not be
    /// opened records nothing and has trouble() to tell.
    static std::unique_ptr<History> open(std::string file, const policy::HistorySettings& settings,
                                         HistoryClock clock = real_history_clock());
    /// For where there is no place for a file; `why` is the trouble.
    static std::unique_ptr<History> unavailable(std::string why);

    History(const History&) = delete;
    History& operator=(const History&) = delete;
    /// Forgets what is too old or too much, as open() does.
    ~History() override;

    /// Synced to the disk.
    Entry intend(const enforce::Order& order) override;
    /// Written, but left to the system to sync: after a power failure the action is shown as
    /// interrupted.
    void conclude(Entry entry, const enforce::Order& order, const enforce::Outcome& outcome) override;
    std::optional<std::string> trouble() override;

  private:
    struct Store;  ///< The open database.
    History(std::string file, const policy::HistorySettings& settings, HistoryClock clock);

    bool ready();
    [[nodiscard]] bool is_taken_away() const;
    void try_to_open();
    void prune();
    void stop(const std::string& what, bool for_good = false);
    void goes_on();
    Entry intend_or_throw(const enforce::Order& order);
    void conclude_or_throw(Entry entry, const enforce::Order& order, const enforce::Outcome& outcome);

    std::string file_;
    policy::HistorySettings settings_;
    HistoryClock clock_;
    std::unique_ptr<Store> store_;
    MonotonicTime next_try_{};
    bool given_up_ = false;
    bool told_ = false;  ///< That it has stopped; until something was written again.
    std::string trouble_;
    unsigned written_ = 0;  ///< Since it was last pruned.
};

}  // namespace reaper::report
