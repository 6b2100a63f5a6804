#include "scan/diff_collector.h"

namespace reaper::scan {
namespace {

constexpr std::chrono::seconds kRecheck{60};

}  // namespace

DiffCollector::DiffCollector(const classify::Classifier& classifier, std::size_t most_descriptors)
    : follower_(classifier, kRecheck, most_descriptors) {
    stats_.rescans = 1;
}

Result<Sample> DiffCollector::collect(const Memory* memory) {
    if (auto listed = follower_.census().list(); !listed) return tl::unexpected(listed.error());
    ++stats_.listings;
    return follower_.collect(memory);
}

void DiffCollector::use(const classify::Classifier& classifier) {
    follower_.census().use(classifier);
    ++stats_.rescans;
}

CollectorStats DiffCollector::stats() const {
    CollectorStats stats = stats_;
    follower_.count(stats);
    return stats;
}

}  // namespace reaper::scan
