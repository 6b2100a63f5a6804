#include "scan/detail_selection.h"

#include <algorithm>
#include <unordered_set>

namespace reaper::scan {

using classify::Classification;
using classify::LauncherKind;
using classify::Role;

std::vector<Look> choose_looks(const ProcessTree& tree, std::span<const Classification> classes) {
    std::vector<Look> looks(tree.size(), Look::none);
    const auto at_least = [&](Index index, Look look) {
        const bool has_nothing = tree.at(index).kernel_thread || tree.at(index).zombie();
        if (!has_nothing) looks[index] = std::max(looks[index], look);
    };

    std::vector<Index> roots;
    std::unordered_set<uid_t> owners;
    for (Index i = 0; i < tree.size(); ++i) {
        const Classification& said = classes[i];
        const bool names_a_server = said.role == Role::server || said.role == Role::launcher;
        if (names_a_server || said.wraps != LauncherKind::none || said.undecided)
            at_least(i, Look::full);
        if (!names_a_server) continue;
        roots.push_back(i);
        owners.insert(tree.at(i).uid);
    }
    std::vector<Index> members = descendants_of(tree, roots);
    for (const Index index : members) at_least(index, Look::links);

    // What a launcher starts may be the server, whatever it is called: npm exec -> sh -c -> "foo".
    members.insert(members.end(), roots.begin(), roots.end());
    for (const Index index : members) {
        if (classes[index].role != Role::launcher && classes[index].wraps == LauncherKind::none)
            continue;
        for (const Index child : tree.children(index)) at_least(child, Look::full);
    }

    for (Index i = 0; i < tree.size(); ++i) {
        if (owners.contains(tree.at(i).uid) && tree.reparented(i)) at_least(i, Look::links);
    }
    return looks;
}

std::vector<Index> descendants_of(const ProcessTree& tree, std::span<const Index> roots) {
    std::unordered_set<Index> seen(roots.begin(), roots.end());
    std::vector<Index> pending(roots.begin(), roots.end());
    std::vector<Index> found;
    while (!pending.empty()) {
        const Index next = pending.back();
        pending.pop_back();
        for (const Index child : tree.children(next)) {
            if (!seen.insert(child).second) continue;
            pending.push_back(child);
            found.push_back(child);
        }
    }
    return found;
}

}  // namespace reaper::scan
