#include "scan/detail_selection.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "scan/browser.h"

namespace reaper::scan {

using classify::LauncherKind;
using classify::names_a_server;
using classify::Role;

namespace {

void at_least(std::vector<Look>& looks, const ProcessTree& tree, Index index, Look look) {
    const bool has_nothing = tree.at(index).kernel_thread || tree.at(index).zombie();
    if (!has_nothing) looks[index] = std::max(looks[index], look);
}

/// Inodes of the pipes and sockets on descriptors 0 and 1.
template <typename Visit>
void for_each_inode(const Process& process, const Visit& visit) {
    if (!process.detail) return;
    for (const auto* end : {&process.detail->in, &process.detail->out}) {
        if (*end && (*end)->inode != 0) visit((*end)->inode);
    }
}

}  // namespace

std::vector<Look> choose_looks(const ProcessTree& tree, const Classifications& classes,
                               std::span<const Index> browsers) {
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

    std::vector<Index> alone;
    std::copy_if(browsers.begin(), browsers.end(), std::back_inserter(alone),
                 [&](Index browser) { return looks[browser] == Look::none; });
    for (const Index index : descendants_of(tree, alone)) at_least(looks, tree, index, Look::links);
    for (const Index index : alone) at_least(looks, tree, index, Look::full);
    return looks;
}

std::vector<Index> forsaken_browsers(const ProcessTree& tree) {
    std::vector<Index> browsers;
    for (Index i = 0; i < tree.size(); ++i) {
        if (!may_be_browser(tree.at(i).comm)) continue;
        const auto browser = controlled_browser(tree.at(i).cmdline);
        if (!browser || browser->profile == Profile::other) continue;
        if (browser->by_pipe || tree.reparented(i)) browsers.push_back(i);
    }
    return browsers;
}

void look_at_remembered(std::vector<Look>& looks, const ProcessTree& tree, const Memory& memory) {
    if (memory.size() == 0) return;
    for (Index i = 0; i < tree.size(); ++i) {
        if (looks[i] != Look::none || memory.find(tree.at(i).id) == nullptr) continue;
        const auto above = tree.parent(i);
        const bool alone = !above || memory.find(tree.at(*above).id) == nullptr;
        at_least(looks, tree, i, alone ? Look::full : Look::links);
    }
}

std::vector<Look> choose_looks_if_connected(const ProcessTree& tree, const Classifications& classes,
                                            std::span<const Index> browsers) {
    std::vector<Look> looks(tree.size(), Look::none);
    std::unordered_set<uid_t> owners;
    for (const Index browser : browsers) owners.insert(tree.at(browser).uid);
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
                             const Classifications& classes, Index index) {
    for (auto above = tree.parent(index); above && classes[*above].wraps != LauncherKind::none;
         above = tree.parent(*above)) {
        at_least(looks, tree, *above, Look::full);
    }
}

bool says_server_in(std::string_view directory, std::string_view cmdline,
                    const classify::Classifier& classifier) {
    const classify::Surroundings where{{}, directory};
    return names_a_server(classifier.classify(classify::CommandLine::from_proc(cmdline), where));
}

std::vector<Look> looks_at_servers(const ProcessTree& tree, const Classifications& classes,
                                   const Memory* memory, const Grant& grant) {
    const std::vector<Index> browsers = forsaken_browsers(tree);
    std::vector<Look> looks = choose_looks(tree, classes, browsers);
    if (memory != nullptr) look_at_remembered(looks, tree, *memory);
    const std::vector<Look> wishes = choose_looks_if_connected(tree, classes, browsers);
    for (Index i = 0; i < tree.size(); ++i) {
        if (wishes[i] <= looks[i]) continue;
        looks[i] = std::max(looks[i], grant(i, wishes[i]));
        if (looks[i] == Look::full) look_at_launchers_above(looks, tree, classes, i);
    }
    return looks;
}

std::vector<Index> below_left_overs(const ProcessTree& tree, const std::vector<Look>& looks) {
    std::unordered_set<std::uint64_t> of_servers;
    for (Index i = 0; i < tree.size(); ++i) {
        if (looks[i] != Look::full) continue;
        for_each_inode(tree.at(i), [&](std::uint64_t inode) { of_servers.insert(inode); });
    }
    std::vector<Index> roots;
    for (Index i = 0; i < tree.size(); ++i) {
        if (looks[i] != Look::links) continue;
        bool shares = false;
        for_each_inode(tree.at(i),
                       [&](std::uint64_t inode) { shares = shares || of_servers.contains(inode); });
        if (shares) roots.push_back(i);
    }
    return descendants_of(tree, roots);
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
