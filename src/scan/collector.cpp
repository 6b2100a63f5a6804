#include "scan/collector.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "scan/connector_collector.h"
#include "scan/diff_collector.h"

namespace reaper::scan {
namespace {

std::size_t half_of_the_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    constexpr rlim_t kPlenty = 131072;  // Of an unlimited number too.
    return static_cast<std::size_t>(std::min(limit.rlim_cur / 2, kPlenty));
}

}  // namespace

ChosenCollector choose_collector(const classify::Classifier& classifier,
                                 const CollectorSettings& settings) {
    const std::size_t descriptors = settings.descriptors.value_or(half_of_the_limit());
    std::string why = "not asked for";
    if (settings.connector) {
        auto connector = ProcConnector::open(settings.receive_buffer);
        if (connector) {
            return {std::make_unique<ConnectorCollector>(std::move(*connector), classifier, descriptors),
                    ""};
        }
        why = connector.error().reason;
    }
    return {std::make_unique<DiffCollector>(classifier, descriptors), std::move(why)};
}

}  // namespace reaper::scan
