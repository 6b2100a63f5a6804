#include "daemon/retries.h"

#include <algorithm>

namespace reaper::daemon {

using enforce::Effect;

bool Retries::note(const report::Done& done, MonotonicTime now) {
    const Tried what{done.order.server.id, done.order.deed};
    if (enforce::succeeded(done.outcome.effect)) {
        waiting_.erase(what);
        return true;
    }
    auto [found, is_new] = waiting_.try_emplace(what);
    Waiting& waiting = found->second;
    const bool news = is_new || waiting.effect != done.outcome.effect;
    waiting.effect = done.outcome.effect;
    // The budget tells by itself when it is this server's turn.
    if (done.outcome.effect == Effect::deferred) return news;
    // Nothing was tried: what was ordered was not right any more.
    if (done.outcome.effect == Effect::cancelled) {
        waiting.not_before = now + kFirstRetry;
        return news;
    }
    constexpr unsigned kMostDoublings = 6;
    const auto pause = kFirstRetry * (1U << std::min(waiting.failures, kMostDoublings));
    ++waiting.failures;
    waiting.not_before = now + std::min<std::chrono::seconds>(pause, kLongestRetry);
    return news;
}

void Retries::hold_back(std::vector<enforce::Order>& orders, MonotonicTime now) const {
    std::erase_if(orders, [&](const enforce::Order& order) {
        const auto found = waiting_.find({order.server.id, order.deed});
        return found != waiting_.end() && now < found->second.not_before;
    });
}

void Retries::keep_only(const std::set<ProcessId>& living) {
    std::erase_if(waiting_, [&](const auto& entry) { return !living.contains(entry.first.first); });
}

}  // namespace reaper::daemon
