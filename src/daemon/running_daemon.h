// The daemon with all its parts, for as long as it runs: what it is made of and what it does about what
// these tell it.
//
// Internal to daemon/. running_daemon.cpp: its start and its end, and what it is told; daemon_looks.cpp:
// what it does at every look.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.

#include "base/clocks.h"
#include "daemon/actor.h"
#include "daemon/backend.h"
#include "daemon/changes.h"
#include "daemon/control_server.h"
#include "daemon/cost_meter.h"
#include "daemon/daemon.h"
#include "daemon/enforcement.h"
#include "daemon/events.h"
#include "daemon/file_watch.h"
#include "daemon/health.h"
#include "daemon/health_requests.h"
#include "daemon/overview.h"
#include "daemon/policy_keeper.h"
#include "daemon/pressure_watch.h"
#include "daemon/watcher.h"
#include "pass/acting.h"
#include "pass/interrupts.h"
#include "pass/places.h"

namespace reaper::daemon {

class RunningDaemon {
  public:
    RunningDaemon(const DaemonOptions& options, PolicyKeeper keeper, pass::Places places);

    Result<void> start();
    void run() { loop_.run(); }

  private:
    [[nodiscard]] Watcher::Told watching();
    Result<void> start_acting();
    Result<void> start_control();
    [[nodiscard]] Backend::Whole whole();
    [[nodiscard]] Overview overview();
    void configure();
    void listen_to_signals();
    void keep_watchdog();

    void looked(const Look& look);
    void first_look(const Look& look);
    void judge_health(const Look& look);
    void tell(const report::Done& done);
    void tell_breakers();
    void tell_pressure();
    void tell_unresponsive(const Look& look);
    [[nodiscard]] std::string status_line() const;
    Agreed reload();
    Agreed pause(std::optional<std::chrono::seconds> time);
    Agreed resume();
    void pressed();
    void stop(std::string_view why);

    [[nodiscard]] const policy::Policy& rules() const { return keeper_.policy()->loaded.policy; }
    [[nodiscard]] bool under_pressure() const { return pass::now() < pressure_until_; }

    DaemonOptions options_;
    pass::Places places_;
    WallTime started_at_ = wall_now();
    MonotonicTime started_ = pass::now();
    boost::asio::io_context loop_{1};
    PolicyKeeper keeper_;
    Events events_;
    HealthRequests health_requests_;
    Watcher watcher_;
    FileWatch policy_watch_;
    PressureWatch pressure_watch_;
    CpuPercent pressure_stall_;  ///< That is watched for; zero: none is.
    std::string no_pressure_;    ///< Why it is not watched.
    MonotonicTime pressure_until_{};
    bool pressure_told_ = false;
    bool blind_ = false;  ///< The last look has failed.
    boost::asio::signal_set signals_;
    boost::asio::steady_timer watchdog_;
    boost::asio::steady_timer drain_;

    enforce::CageAbilities cages_;
    std::optional<Actor> actor_;
    std::optional<Enforcement> enforcement_;
    std::optional<Backend> backend_;
    std::optional<ControlServer> control_;

    MonotonicTime next_pass_{};
    MonotonicTime next_trim_{};
    ToldLimits told_limits_;
    std::set<std::string> open_breakers_;
    std::set<ProcessId> unresponsive_;
    HealthJudge health_judge_;
    Health health_;
    CostMeter cost_;
    DoneSoFar done_;
    std::string told_status_;
    bool stopping_ = false;
};

}  // namespace reaper::daemon
