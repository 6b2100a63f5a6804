#include "cli/config_files.h"

#include "pass/places.h"

namespace reaper::cli {

Result<clients::Backups> our_backups() {
    const pass::Places places = pass::our_places();
    if (!places.state) return tl::unexpected(places.state.error());
    return clients::Backups(*places.state + "/backups");
}

}  // namespace reaper::cli
