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

/// One Look for each process of `tree`, whose command lines say `classes` (in the same order).
///
/// full: what calls itself a server or a launcher, starts something, or says nothing; children of a
/// launcher. links: the other descendants of these servers and launchers, and processes that have lost
/// their parent and whose user has servers (a browser's crash handler, what a dead server left).
std::vector<Look> choose_looks(const ProcessTree& tree,
                               std::span<const classify::Classification> classes);

/// The processes below `roots` (indices), the roots not among them; in no particular order.
std::vector<Index> descendants_of(const ProcessTree& tree, std::span<const Index> roots);

}  // namespace reaper::scan
