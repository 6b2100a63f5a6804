// Hooks: the policy's commands that are run for events, with the event as a line of JSON on stdin.
//
// Bounded: so many at once, so many waiting, so long each. Nothing here waits: processes are watched by
// the loop. What a hook may count on, and what becomes of what it starts: docs/events.md,
// hook_process.h.
#pragma once

#include <bitset>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.
#include <vector>

#include "daemon/hook_process.h"
#include "policy/policy.h"
#include "report/event.h"

namespace reaper::daemon {

struct HookBounds {
    std::size_t running = 8;
    std::size_t waiting = 256;                     ///< Of more the oldest are dropped, and counted.
    std::chrono::milliseconds kill_after{2000};    ///< From SIGTERM at the time-out to SIGKILL.
    std::chrono::milliseconds tell_every{60'000};  ///< hook_failed at most so often.
};

struct HookFigures {
    std::size_t running = 0;
    std::size_t waiting = 0;
    std::uint64_t run = 0;
    std::uint64_t failed = 0;   ///< Refused, could not be started, took too long, or said so itself.
    std::uint64_t dropped = 0;  ///< Because too many were waiting.
};

class Hooks {
  public:
    /// Told of failures: an event `hook_failed`, without id.
    using Tell = std::function<void(report::Event)>;

    Hooks(boost::asio::io_context& loop, Tell tell, HookBounds bounds = {});
    ~Hooks();  ///< Ends what still runs.
    Hooks(const Hooks&) = delete;
    Hooks& operator=(const Hooks&) = delete;

    /// From now on. What runs or waits is brought to its end as it was ordered. Which of them may not be
    /// run now, and why (they are looked at again before each run).
    std::vector<std::string> configure(const std::vector<policy::Hook>& hooks);

    /// Runs each that is there for this kind of event. Never one for `hook_failed`.
    void run(const report::Event& event, const std::shared_ptr<const std::string>& line);

    /// Takes no more, and calls `done` from the loop when all that runs and waits has ended, at the
    /// latest after `patience`: what has not ended by then is ended.
    void finish(std::chrono::milliseconds patience, std::function<void()> done);

    [[nodiscard]] HookFigures figures() const;

  private:
    struct Hook {
        std::shared_ptr<const policy::Hook> hook;
        std::bitset<report::kEventKinds> kinds;
    };

    void start_waiting();
    void start(const HookRun& next);
    void ended(const std::shared_ptr<HookProcess>& process, const HookRun& run, const std::string& why);
    void note_failure(const std::string& program, const std::string& why);
    void tell();
    void finish_if_idle();
    void give_up();

    boost::asio::io_context& loop_;
    Tell tell_;
    HookBounds bounds_;
    std::vector<Hook> hooks_;
    std::deque<HookRun> waiting_;
    std::vector<std::shared_ptr<HookProcess>> running_;
    HookFigures figures_;
    bool finishing_ = false;
    std::function<void()> done_;
    boost::asio::steady_timer patience_;

    /// What a timer that is over already asks for: whether we are still there.
    std::shared_ptr<const bool> here_ = std::make_shared<const bool>(true);

    // Failures since they were last told of.
    boost::asio::steady_timer quiet_;
    bool is_quiet_ = false;
    std::string program_;
    std::string why_;
    std::uint64_t failed_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace reaper::daemon
