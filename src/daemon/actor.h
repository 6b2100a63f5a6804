// The thread that acts. Ending a server takes up to its grace time, a cage over D-Bus some milliseconds,
// the history a sync of the disk: none of it may hold up the loop that watches the host.
//
// It is given jobs by value and gives back what came of them, in the loop's thread; one job after the
// other. Everything else of the daemon is the loop's.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "enforce/outcome.h"
#include "pass/acting.h"
#include "policy/plan.h"
#include "report/outcome_report.h"
#include "scan/memory.h"

namespace reaper::daemon {

/// What is to be done in one go.
struct Job {
    std::vector<enforce::Order> orders;
    /// Of the look that the orders come from: what a rule holds and no longer finds is released first.
    /// Null: nothing is (by hand).
    std::shared_ptr<const policy::Plan> plan;
    std::shared_ptr<const scan::Memory> memory;
    policy::UserNames users;
    bool tidy = false;                        ///< Something is held of a server that has ended.
    std::vector<enforce::UndoEntry> release;  ///< By hand.
};

/// What came of it.
struct Came {
    std::vector<report::Done> done;
    // As things are now:
    std::vector<enforce::UndoEntry> held;  ///< What is frozen or throttled.
    enforce::BudgetState budget;
};

class Actor {
  public:
    using Done = std::function<void(Came)>;

    /// `acting` was prepared with `stop` as its stop descriptor: an eventfd that stop() makes readable.
    Actor(boost::asio::io_context& loop, std::unique_ptr<pass::Acting> acting, UniqueFd stop);
    Actor(const Actor&) = delete;
    Actor& operator=(const Actor&) = delete;
    /// Finishes what has been begun.
    ~Actor();

    /// `done` is called in the loop's thread. Jobs that are waiting when stop() is called come back with
    /// nothing done.
    void start(Job job, Done done);
    /// For jobs that are given from now on.
    void go_by(std::shared_ptr<const pass::ChosenPolicy> policy);

    /// What rules have ordered so far and is not begun yet is not begun any more: they have changed, or
    /// are not to act for now. To be called before whoever changed them is answered.
    void revoke() { ++generation_; }
    /// Given jobs that have not come back.
    [[nodiscard]] std::size_t busy() const { return busy_; }

    /// Nothing new is begun; what has been begun is finished, then everything that is held is released
    /// and `stopped` called in the loop's thread.
    void stop(Done stopped);

  private:
    void run();
    void queue(std::function<void()> task);
    [[nodiscard]] Came came(std::vector<report::Done> done) const;
    [[nodiscard]] std::vector<report::Done> carry_out(const Job& job, std::function<bool()> revoked);
    [[nodiscard]] std::vector<report::Done> release_everything();

    boost::asio::io_context& loop_;
    std::unique_ptr<pass::Acting> acting_;  ///< Of the thread, once that runs.
    UniqueFd stop_;
    std::size_t busy_ = 0;  ///< Of the loop.
    std::atomic<std::uint64_t> generation_ = 0;

    std::mutex mutex_;
    std::condition_variable news_;
    std::deque<std::function<void()>> tasks_;
    bool over_ = false;      ///< No task will come any more.
    bool stopping_ = false;  ///< Orders are not begun any more.
    std::thread thread_;
};

/// What a rule ordered so long ago is looked at anew first: other jobs were before it.
inline constexpr std::chrono::seconds kStale{30};

}  // namespace reaper::daemon
