// Which processes are looked at more closely: those that may have to do with a server. Pure.
//
// Internal to scan/.
#pragma once

#include <span>
#include <vector>

#include "classify/classification.h"
#include "scan/process_tree.h"

namespace reaper::scan {

/// How closely a process is looked at.
enum class Look {
    none,
    links,  ///< exe, cwd, what its descriptors 0 and 1 are, memory.
    full,   ///< Also whether its peers are there, what it listens on, its unit.
};

/// One Look for each process of `tree`, whose command lines say `classes` (in
/// the same order).
///
/// full: what calls itself a server or a launcher, the launchers above it,
/// children of a launcher. links: the other descendants of these servers and
/// launchers.
std::vector<Look> choose_looks(const ProcessTree& tree,
                               std::span<const classify::Classification> classes);

/// What is worth a look only if its descriptors 0 and 1 are connected to
/// something: on a busy host most interpreters and shells have /dev/null or a
/// terminal there, and are no server's.
///
/// full: what starts something, or says nothing of itself. links: processes
/// that have lost their parent and whose user has servers (a browser's crash
/// handler, what a dead server left).
std::vector<Look> choose_looks_if_connected(const ProcessTree& tree,
                                            std::span<const classify::Classification> classes);

/// The launchers that `index` stands below may belong to the same server: full.
void look_at_launchers_above(std::vector<Look>& looks, const ProcessTree& tree,
                             std::span<const classify::Classification> classes, Index index);

/// The processes below `roots` (indices), the roots not among them; in no particular order.
std::vector<Index> descendants_of(const ProcessTree& tree, std::span<const Index> roots);

}  // namespace reaper::scan
