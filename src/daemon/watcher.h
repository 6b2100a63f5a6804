// Looks at the host, tick after tick: collects, judges, and says what it has seen. Of the loop's thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.

#include "base/result.h"
#include "daemon/governor.h"
#include "daemon/metrics.h"
#include "daemon/pacing.h"
#include "daemon/status.h"
#include "scan/collector.h"

namespace reaper::daemon {

class Watcher {
  public:
    struct Told {
        std::function<void(const Look&)> looked;   ///< Judged.
        std::function<void(const Error&)> failed;  ///< The host could not be looked at.
        std::function<void(const CollectorStatus&)> collector_changed;
        std::function<void(std::chrono::milliseconds interval)> stretched;  ///< Or eased again.
        std::function<Governor::Unresponsives()> unresponsive;
        std::function<policy::Circumstances()> circumstances;
    };

    Watcher(boost::asio::io_context& loop, std::shared_ptr<const pass::ChosenPolicy> policy, Told told);
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    /// The first look at once, the others as the policy says.
    void start();
    void stop();
    void go_by(std::shared_ptr<const pass::ChosenPolicy> policy);
    /// A look out of turn, soon: something has happened that must not wait for the next one.
    void look_soon();

    [[nodiscard]] const Governor& governor() const { return governor_; }
    [[nodiscard]] const Pacing& pacing() const { return pacing_; }
    [[nodiscard]] const TickDurations& durations() const { return durations_; }
    [[nodiscard]] std::chrono::microseconds last_took() const { return last_took_; }
    [[nodiscard]] std::chrono::microseconds longest_took() const { return longest_took_; }
    [[nodiscard]] bool last_failed() const { return last_failed_; }
    /// When a tick was last begun later than an interval after it was due; the epoch: never.
    [[nodiscard]] MonotonicTime last_late() const { return last_late_; }
    [[nodiscard]] CollectorStatus collector() const;

  private:
    void choose_collector();
    void drain();
    void wait_for_tick();
    void tick();

    boost::asio::steady_timer timer_;
    boost::asio::steady_timer draining_;
    std::shared_ptr<const pass::ChosenPolicy> policy_;
    Told told_;
    Governor governor_;
    scan::ChosenCollector collector_;
    Pacing pacing_;
    MonotonicTime due_{};
    TickDurations durations_;
    std::chrono::microseconds last_took_{0};
    std::chrono::microseconds longest_took_{0};
    bool last_failed_ = false;
    MonotonicTime last_late_{};
};

}  // namespace reaper::daemon
