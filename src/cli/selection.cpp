#include "cli/selection.h"

#include <algorithm>
#include <set>

#include "base/process_id.h"

namespace reaper::cli {

void narrow(scan::Snapshot& snapshot, policy::Plan& plan, const Selection& selection) {
    const auto selected = [&](const scan::Server& server) {
        const bool type = selection.types.empty() ||
                          std::find(selection.types.begin(), selection.types.end(), server.type) !=
                              selection.types.end();
        return type && (!selection.user || server.uid == *selection.user);
    };
    std::erase_if(snapshot.servers, [&](const scan::Server& server) { return !selected(server); });

    std::set<ProcessId> kept;
    for (const scan::Server& server : snapshot.servers) kept.insert(server.id);
    const auto left_out = [&](const auto& of_server) { return !kept.contains(of_server.server); };
    std::erase_if(plan.verdicts, left_out);
    std::erase_if(plan.due, left_out);
    std::erase_if(plan.pending, left_out);
}

}  // namespace reaper::cli
