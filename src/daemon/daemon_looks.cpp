// What the daemon does at every look at the host.
#include <malloc.h>

#include <algorithm>
#include <utility>

#include "daemon/daemon_events.h"
#include "daemon/running_daemon.h"
#include "daemon/service.h"
#include "report/humanize.h"

namespace reaper::daemon {
namespace {

using std::chrono::seconds;

/// A pass that takes longer is stuck: the longest grace time, and as much again.
constexpr seconds kStuck{1200};

/// Free memory goes back to the system so often: answers of a megabyte, and reading every process,
/// leave the heap full of holes, which the allocator alone gives back only at its end.
constexpr seconds kTrimEvery{10};

}  // namespace

void RunningDaemon::looked(const Look& look) {
    const bool first = !backend_->ready();
    cost_.note(look.snapshot.monotonic);
    if (std::exchange(blind_, false)) events_.publish(look_trouble(""));
    for (report::Event& event :
         changes(watcher_.governor().before().snapshot, watcher_.governor().before().plan, look.snapshot,
                 look.plan, told_limits_)) {
        events_.publish(std::move(event));
    }
    tell_pressure();
    tell_unresponsive(look);
    if (enforcement_->pause().has_run_out(look.snapshot.since_boot)) {
        events_.publish(resumed("its time is over"));
    }
    health_requests_.ask(look.snapshot, rules());
    if (!stopping_ && look.snapshot.monotonic >= next_pass_) {
        next_pass_ = look.snapshot.monotonic + rules().daemon.cleanup_interval;
        enforcement_->pass(look, watcher_.governor().memory(), rules());
    }
    tell_breakers();
    judge_health(look);
    backend_->looked();
    if (look.snapshot.monotonic >= next_trim_) {
        next_trim_ = look.snapshot.monotonic + kTrimEvery;
        ::malloc_trim(0);
    }
    if (first) first_look(look);
}

void RunningDaemon::first_look(const Look& look) {
    events_.publish(
        daemon_started({.version = options_.version,
                        .policy = keeper_.policy()->name,
                        .mode = rules().mode == policy::Mode::enforce ? "enforce" : "observe",
                        .collector = watcher_.collector().name,
                        .cages = cages_.backend,
                        .servers = look.snapshot.servers.size()}));
    if (keeper_.status().refused) {
        events_.publish(policy_refused(keeper_.status().file, keeper_.status().refused->errors));
    }
    tell_ready(status_line());
}

std::string RunningDaemon::status_line() const {
    const std::size_t servers = watcher_.governor().now().snapshot.servers.size();
    std::string line = report::counted(servers, "server", "servers") + " by " + keeper_.policy()->name;
    for (const std::string& reason : health_.reasons) line += "; " + reason;
    return line;
}

void RunningDaemon::judge_health(const Look& look) {
    const MonotonicTime now = look.snapshot.monotonic;
    const auto busy_since = enforcement_->busy_since();
    const HealthFacts facts{.policy_refused = keeper_.status().refused.has_value(),
                            .late = watcher_.last_late() != MonotonicTime{} &&
                                    now - watcher_.last_late() < std::chrono::minutes(1),
                            .cannot_look = watcher_.last_failed(),
                            .cannot_act = busy_since != MonotonicTime{} && now - busy_since > kStuck,
                            .observes_only = rules().mode == policy::Mode::observe ||
                                             enforcement_->pause().in_force(look.snapshot.since_boot)};
    health_ = health_judge_.judge(look.snapshot, look.plan, rules(), facts);
    if (std::string line = status_line(); line != told_status_) {
        tell_status(line);
        told_status_ = std::move(line);
    }
}

void RunningDaemon::tell(const report::Done& done) {
    done_.add(done);
    events_.publish(action_event(done.order, done.outcome, wall_now()));
}

void RunningDaemon::tell_breakers() {
    const BootTime now = watcher_.governor().now().snapshot.since_boot;
    std::set<std::string> open;
    for (const auto& [type, breaker] : enforcement_->budget().breakers) {
        if (breaker.open_until <= now) continue;
        open.insert(type);
        if (!open_breakers_.contains(type)) {
            events_.publish(breaker_opened(type, std::chrono::ceil<seconds>(breaker.open_until - now)));
        }
    }
    for (const std::string& type : open_breakers_) {
        if (!open.contains(type)) events_.publish(breaker_closed(type));
    }
    open_breakers_ = std::move(open);
}

/// The kernel says so once in two seconds at the most, for as long as it goes on.
void RunningDaemon::pressed() {
    pressure_until_ = pass::now() + rules().pressure.lasts;
    if (!pressure_told_) {
        next_pass_ = {};
        watcher_.look_soon();
    }
}

void RunningDaemon::tell_pressure() {
    if (under_pressure() == pressure_told_) return;
    pressure_told_ = under_pressure();
    events_.publish(pressure(pressure_told_, std::nullopt));
}

void RunningDaemon::tell_unresponsive(const Look& look) {
    std::set<ProcessId> now;
    for (const scan::Server& server : look.snapshot.servers) {
        const bool knew = unresponsive_.contains(server.id);
        if (server.unresponsive) {
            now.insert(server.id);
            if (knew) continue;
            events_.publish(health_check_failed(server, look.snapshot.taken_at,
                                                server.unresponsive->failures,
                                                server.unresponsive->why));
        } else if (knew) {
            events_.publish(health_check_recovered(server, look.snapshot.taken_at));
        }
    }
    unresponsive_ = std::move(now);
}

}  // namespace reaper::daemon
