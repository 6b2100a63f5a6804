#include "guard/exchanges.h"

#include <algorithm>

#include "guard/envelope.h"

namespace reaper::guard {
namespace {

using std::chrono::microseconds;

}  // namespace

void Exchanges::asked(std::string_view id, std::string_view method, FineTime now) {
    if (pending_.size() >= kMost) return;
    pending_.insert_or_assign(canonical_id(id), Pending{std::string(id), std::string(method), now});
}

std::optional<Pending> Exchanges::answered(std::string_view id, FineTime now) {
    const auto found = pending_.find(canonical_id(id));
    if (found == pending_.end()) return std::nullopt;
    Pending pending = std::move(found->second);
    pending_.erase(found);
    latencies_[answers_++ % latencies_.size()] =
        std::chrono::duration_cast<microseconds>(now - pending.since);
    return pending;
}

void Exchanges::cancelled(std::string_view id) {
    pending_.erase(canonical_id(id));
}

std::vector<Pending> Exchanges::give_up_all() {
    for (const auto& [id, pending] : pending_) {
        if (abandoned_.size() < kMost) abandoned_.insert(id);
    }
    return take_all();
}

std::vector<Pending> Exchanges::take_all() {
    std::vector<Pending> all;
    for (auto& [id, pending] : pending_) all.push_back(std::move(pending));
    pending_.clear();
    std::sort(all.begin(), all.end(),
              [](const Pending& a, const Pending& b) { return a.since < b.since; });
    return all;
}

std::vector<Pending> Exchanges::give_up(std::string_view method, FineTime then) {
    std::vector<Pending> all;
    for (auto at = pending_.begin(); at != pending_.end();) {
        if (at->second.method != method || at->second.since > then) {
            ++at;
            continue;
        }
        if (abandoned_.size() < kMost) abandoned_.insert(at->first);
        all.push_back(std::move(at->second));
        at = pending_.erase(at);
    }
    return all;
}

bool Exchanges::abandoned(std::string_view id) {
    return !abandoned_.empty() && abandoned_.erase(canonical_id(id)) > 0;
}

std::optional<FineTime> Exchanges::oldest() const {
    std::optional<FineTime> oldest;
    for (const auto& [id, pending] : pending_)
        oldest = std::min(oldest.value_or(pending.since), pending.since);
    return oldest;
}

std::optional<FineTime> Exchanges::oldest(std::string_view method) const {
    std::optional<FineTime> oldest;
    for (const auto& [id, pending] : pending_) {
        if (pending.method == method) oldest = std::min(oldest.value_or(pending.since), pending.since);
    }
    return oldest;
}

void Exchanges::server_asked(std::string_view id) {
    if (asked_by_server_.size() < kMost) asked_by_server_.insert(canonical_id(id));
}

bool Exchanges::server_answered(std::string_view id) {
    return asked_by_server_.erase(canonical_id(id)) > 0;
}

Exchanges::Latency Exchanges::latency() const {
    Latency latency{answers_, {}, {}};
    std::vector<microseconds> sorted(
        latencies_.begin(),
        latencies_.begin() + static_cast<std::ptrdiff_t>(std::min(answers_, latencies_.size())));
    if (sorted.empty()) return latency;
    std::sort(sorted.begin(), sorted.end());
    latency.median = sorted[sorted.size() / 2];
    latency.longest = sorted.back();
    return latency;
}

}  // namespace reaper::guard
