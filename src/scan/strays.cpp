#include "scan/strays.h"

#include <algorithm>

#include "scan/process_dir.h"
#include "scan/process_table.h"
#include "scan/process_tree.h"

namespace reaper::scan {

std::vector<ProcessId> find_strays(uid_t uid, BootTime since, std::span<const std::string> programs) {
    std::vector<ProcessId> found;
    const auto table = read_process_table();
    if (!table) return found;
    const ProcessTree tree(*table);
    for (Index i = 0; i < tree.size(); ++i) {
        const Process& process = tree.at(i);
        if (process.uid != uid || process.zombie() || process.kernel_thread) continue;
        // The kernel counts in ticks: one that began in the tick of `since` counts.
        if (BootTime(process.id.start + Ticks(1)) < since || !tree.reparented(i)) continue;
        const auto dir = ProcessDir::open(process.id);
        const std::string program = dir ? dir->link("exe").value_or("") : "";
        if (std::find(programs.begin(), programs.end(), program) != programs.end())
            found.push_back(process.id);
    }
    return found;
}

}  // namespace reaper::scan
