#include "daemon/watcher.h"

#include <algorithm>

#include "pass/interrupts.h"

namespace reaper::daemon {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

Watcher::Watcher(boost::asio::io_context& loop, std::shared_ptr<const pass::ChosenPolicy> policy,
                 Told told)
    : timer_(loop),
      draining_(loop),
      policy_(std::move(policy)),
      told_(std::move(told)),
      governor_(policy_),
      pacing_(policy_->loaded.policy.daemon.health_check_interval) {}

void Watcher::start() {
    choose_collector();
    due_ = pass::now();
    wait_for_tick();
}

void Watcher::stop() {
    timer_.cancel();
    draining_.cancel();
}

void Watcher::go_by(std::shared_ptr<const pass::ChosenPolicy> policy) {
    // The old one's classifier is referred to until the collector has another.
    const auto before = std::exchange(policy_, std::move(policy));
    governor_.go_by(policy_);
    pacing_.want(policy_->loaded.policy.daemon.health_check_interval);
    collector_.collector->use(policy_->loaded.classifier);
    if (!collector_.why.empty()) choose_collector();
    look_soon();
}

void Watcher::look_soon() {
    due_ = std::min(due_, pass::now());
    wait_for_tick();
}

/// The first one there is; later on only a better one: another of the same kind would have to find
/// everything out anew, and without a descriptor left it would not even be a good one.
void Watcher::choose_collector() {
    const bool is_first = collector_.collector == nullptr;
    auto chosen = scan::choose_collector(policy_->loaded.classifier);
    if (!is_first && !chosen.why.empty()) return;
    collector_ = std::move(chosen);
    if (!is_first) told_.collector_changed(collector());
    drain();
}

/// Not when its socket becomes readable, which on a host that builds something is a hundred times a
/// second.
void Watcher::drain() {
    const auto pause = collector_.collector->drain();
    if (!pause) return;
    draining_.expires_after(*pause);
    draining_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) drain();
    });
}

void Watcher::wait_for_tick() {
    timer_.expires_at(due_);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) tick();
    });
}

void Watcher::tick() {
    const auto begun = std::chrono::steady_clock::now();
    auto sample = collector_.collector->collect(&governor_.memory());
    last_failed_ = !sample.has_value();
    if (sample) {
        told_.looked(governor_.take(std::move(*sample), told_.unresponsive(), told_.circumstances()));
    } else {
        told_.failed(sample.error());
    }
    last_took_ = duration_cast<microseconds>(std::chrono::steady_clock::now() - begun);
    longest_took_ = std::max(longest_took_, last_took_);
    durations_.add(last_took_);

    const bool was_stretched = pacing_.stretched();
    const std::uint64_t late = pacing_.late();
    const auto begun_at = std::chrono::time_point_cast<milliseconds>(begun);
    due_ = pacing_.next(due_, begun_at, std::chrono::ceil<milliseconds>(last_took_));
    if (pacing_.late() > late) last_late_ = begun_at;
    if (pacing_.stretched() != was_stretched) told_.stretched(pacing_.interval());
    wait_for_tick();
}

CollectorStatus Watcher::collector() const {
    if (!collector_.collector) return {};
    const scan::CollectorStats stats = collector_.collector->stats();
    return {.name = std::string(collector_.collector->name()),
            .why = collector_.why,
            .events = stats.events,
            .losses = stats.losses,
            .rescans = stats.rescans};
}

}  // namespace reaper::daemon
