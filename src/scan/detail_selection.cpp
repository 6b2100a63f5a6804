#include "scan/detail_selection.h"

#include <algorithm>
#include <unordered_set>

namespace reaper::scan {

using classify::Classification;
using classify::LauncherKind;
using classify::Role;

namespace {

bool names_a_server(const Classification& said) {
    return said.role == Role::server || said.role == Role::launcher;
}

void at_least(std::vector<Look>& looks, const ProcessTree& tree, Index index, Look look) {
    const bool has_nothing = tree.at(index).kernel_thread || tree.at(index).zombie();
    if (!has_nothing) looks[index] = std::max(looks[index], look);
}

}  // namespace

std::vector<Look> choose_looks(const ProcessTree& tree, std::span<const Classification> classes) {
    std::vector<Look> looks(tree.size(), Look::none);
    std::vector<Index> roots;
    for (Index i = 0; i < tree.size(); ++i) {
        if (!names_a_server(classes[i])) continue;
        roots.push_back(i);
        at_least(looks, tree, i, Look::full);
        look_at_launchers_above(looks, tree, classes, i);
    }
    std::vector<Index> members = descendants_of(tree, roots);
    for (const Index index : members) at_least(looks, tree, index, Look::links);

    // What a launcher starts may be the server, whatever it is called: npm exec -> sh -c -> "foo".
    members.insert(members.end(), roots.begin(), roots.end());
    for (const Index index : members) {
        if (classes[index].role != Role::launcher && classes[index].wraps == LauncherKind::none)
            continue;
        for (const Index child : tree.children(index)) at_least(looks, tree, child, Look::full);
    }
    return looks;
}

std::vector<Look> choose_looks_if_connected(const ProcessTree& tree,
                                            std::span<const Classification> classes) {
    std::vector<Look> looks(tree.size(), Look::none);
    std::unordered_set<uid_t> owners;
    for (Index i = 0; i < tree.size(); ++i) {
        if (classes[i].wraps != LauncherKind::none || classes[i].undecided)
            at_least(looks, tree, i, Look::full);
        if (names_a_server(classes[i])) owners.insert(tree.at(i).uid);
    }
    for (Index i = 0; i < tree.size(); ++i) {
        if (owners.contains(tree.at(i).uid) && tree.reparented(i)) at_least(looks, tree, i, Look::links);
    }
    return looks;
}

void look_at_launchers_above(std::vector<Look>& looks, const ProcessTree& tree,
                             std::span<const Classification> classes, Index index) {
    for (auto above = tree.parent(index); above && classes[*above].wraps != LauncherKind::none;
         above = tree.parent(*above)) {
        at_least(looks, tree, *above, Look::full);
    }
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
