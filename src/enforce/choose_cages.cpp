#include <unistd.h>

#include "enforce/cages.h"
#include "enforce/cgroup_cages.h"
#include "enforce/cgroup_group.h"
#include "enforce/no_cages.h"
#include "enforce/systemd_cages.h"

namespace reaper::enforce {
namespace {

std::unique_ptr<Cages> plain_groups(const CgroupLayout& layout) {
    const auto own = read_cgroup_file("/proc/self/cgroup");
    return std::make_unique<CgroupCages>(layout, own.value_or(""));
}

}  // namespace

std::unique_ptr<Cages> choose_cages() {
    const scan::SystemdPlaces places;
    const CgroupLayout layout = read_cgroup_layout();
    if (::access(places.booted.c_str(), F_OK) != 0) return plain_groups(layout);

    auto scopes = SystemdCages::open(places, layout, ::geteuid());
    if (scopes) return std::move(*scopes);
    // What root makes beside systemd loses its controllers at the next daemon-reload, without a word.
    // An ordinary user can make groups only where systemd has left that to him (Delegate=yes).
    if (::geteuid() != 0) {
        auto groups = plain_groups(layout);
        if (!groups->abilities().backend.empty()) return groups;
    }
    return std::make_unique<NoCages>(scopes.error().message());
}

}  // namespace reaper::enforce
