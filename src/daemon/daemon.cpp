#include "daemon/daemon.h"

#include <sys/resource.h>

#include <algorithm>

#include "daemon/running_daemon.h"
#include "pass/private_directory.h"

namespace reaper::daemon {
namespace {

constexpr rlim_t kMostDescriptors = 65'536;

/// The collector keeps descriptors of what it follows open, as many as half of the limit.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, kMostDescriptors);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

tl::expected<void, NotRun> run_daemon(const DaemonOptions& options) {
    raise_descriptor_limit();
    pass::Places places = pass::our_places();
    // Where it cannot be made the history and the last good policy say so themselves.
    if (places.state) static_cast<void>(pass::make_private_directory(*places.state));
    PolicyKeeper::Sources sources{options.policy, places.state ? *places.state + "/policy.good" : ""};
    auto keeper = PolicyKeeper::start(std::move(sources), wall_now());
    if (!keeper) return tl::unexpected(NotRun{{}, keeper.error()});
    RunningDaemon daemon(options, std::move(*keeper), std::move(places));
    if (auto started = daemon.start(); !started) {
        return tl::unexpected(NotRun{started.error(), {}});
    }
    daemon.run();
    return {};
}

}  // namespace reaper::daemon
