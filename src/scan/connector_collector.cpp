#include "scan/connector_collector.h"

namespace reaper::scan {
namespace {

using Clock = std::chrono::steady_clock;

/// Should anything ever be missed without the kernel saying so.
constexpr std::chrono::seconds kListEvery{60};
constexpr std::chrono::minutes kRecheck{5};

constexpr std::size_t kDrainAtOnce = 8192;      // Some 10 ms.
constexpr std::size_t kCollectAtMost = 131072;  // More than the buffer holds: who forks faster is late.
constexpr std::size_t kMostWaiting = 8192;

// The buffer holds 9,100 events: 22,000 a second when it has been calm, 91,000 in a storm. What is lost
// beyond that is made up for.
constexpr std::uint64_t kManyEvents = 500;
constexpr std::chrono::milliseconds kPause{400};
constexpr std::chrono::milliseconds kPauseInAStorm{100};

}  // namespace

ConnectorCollector::ConnectorCollector(ProcConnector connector, const classify::Classifier& classifier,
                                       std::size_t most_descriptors)
    : connector_(std::move(connector)), follower_(classifier, kRecheck, most_descriptors) {}

/// False where nothing is waiting any more.
bool ConnectorCollector::take(std::size_t most) {
    text_.events.clear();
    const ProcConnector::Received received = connector_.receive(text_, most);
    HostCensus& census = follower_.census();
    for (const ProcessEvent& event : text_.events) census.tell(event);
    stats_.events += text_.events.size();
    if (received.lost) {
        ++stats_.losses;
        lost_ = true;
    }
    if (census.waiting() > kMostWaiting) census.relieve();
    return received.datagrams >= most;
}

std::optional<std::chrono::milliseconds> ConnectorCollector::drain() {
    const std::uint64_t before = stats_.events;
    take(kDrainAtOnce);
    const std::uint64_t taken = stats_.events - before;
    return taken > kManyEvents ? kPauseInAStorm : kPause;
}

Result<Sample> ConnectorCollector::collect(const Memory* memory) {
    for (std::size_t taken = 0; taken < kCollectAtMost && take(kDrainAtOnce);) taken += kDrainAtOnce;
    const Clock::time_point now = Clock::now();
    if (lost_ || now - listed_ >= kListEvery) {
        if (auto listed = follower_.census().list(); !listed) return tl::unexpected(listed.error());
        ++stats_.listings;
        listed_ = now;
    }
    if (lost_) {
        follower_.census().doubt_all();
        ++stats_.rescans;
        lost_ = false;
    }
    return follower_.collect(memory);
}

void ConnectorCollector::use(const classify::Classifier& classifier) {
    follower_.census().use(classifier);
    ++stats_.rescans;
}

CollectorStats ConnectorCollector::stats() const {
    CollectorStats stats = stats_;
    follower_.count(stats);
    return stats;
}

}  // namespace reaper::scan
