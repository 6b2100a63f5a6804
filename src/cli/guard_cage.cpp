#include "cli/guard_cage.h"

#include <unistd.h>

#include <array>

#include "enforce/cages.h"
#include "scan/children.h"
#include "scan/process_dir.h"

namespace reaper::cli {
namespace {

/// systemd removes what is empty; elsewhere who is in it last cannot do it.
void remove_empty(enforce::Cages& cages) {
    const auto names = cages.list();
    if (!names) return;
    for (const std::string& name : *names) {
        const auto whose = enforce::server_of_cage(name);
        const auto there = whose ? scan::ProcessDir::open(*whose) : fail("find", name, "");
        if (!there && scan::says_gone(there.error())) static_cast<void>(cages.remove(name));
    }
}

}  // namespace

Result<void> enter_guard_cage(const std::string& type, const enforce::CageLimits& limits) {
    const auto cages = enforce::choose_cages();
    const auto self = scan::identify(::getpid());
    if (!self) return tl::unexpected(self.error());
    remove_empty(*cages);
    const std::string name = enforce::cage_name(type, *self);
    const std::array processes = {*self};
    if (auto put = cages->put(name, ::geteuid(), processes); !put) return put;
    return cages->limit(name, limits);
}

}  // namespace reaper::cli
