// Which processes are looked at more closely: those that may have to do with a server. Pure.
//
// Internal to scan/.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "classify/classifier.h"
#include "scan/classifications.h"
#include "scan/memory.h"
#include "scan/process_tree.h"

namespace reaper::scan {

/// How closely a process is looked at.
enum class Look {
    none,
    links,  ///< exe, cwd, what its descriptors 0 and 1 are, memory.
    full,   ///< Also whether its peers are there, what it listens on, its unit; of a browser that is
            ///< controlled over a pipe, whether anybody is at that pipe's other end.
};

/// One Look for each process of `tree`, whose command lines say `classes` (in
/// the same order).
///
/// full: what calls itself a server or a launcher, the launchers above it,
/// children of a launcher; `browsers` that none of these has started. links:
/// the other descendants of these servers, launchers and browsers.
std::vector<Look> choose_looks(const ProcessTree& tree, const Classifications& classes,
                               std::span<const Index> browsers = {});

/// Browsers that a server may have left behind: controlled by a program, with a
/// profile that some program made, and over a pipe or without a parent.
std::vector<Index> forsaken_browsers(const ProcessTree& tree);

/// What was part of a server before: full where it stands alone now, links
/// below another such process.
void look_at_remembered(std::vector<Look>& looks, const ProcessTree& tree, const Memory& memory);

/// What is worth a look only if its descriptors 0 and 1 are connected to
/// something: on a busy host most interpreters and shells have /dev/null or a
/// terminal there, and are no server's.
///
/// full: what starts something, or says nothing of itself. links: processes
/// that have lost their parent and whose user has servers or such `browsers` (a
/// browser's crash handler, what a dead server left).
std::vector<Look> choose_looks_if_connected(const ProcessTree& tree, const Classifications& classes,
                                            std::span<const Index> browsers = {});

/// The launchers that `index` stands below may belong to the same server: full.
void look_at_launchers_above(std::vector<Look>& looks, const ProcessTree& tree,
                             const Classifications& classes, Index index);

/// What of a wish choose_looks_if_connected() is granted: that takes a glance at the process.
using Grant = std::function<Look(Index, Look wish)>;

/// Whether a look at a process would find a channel, from what is (or may be) connected to its
/// descriptors 0 and 1. `stands_like_server` is asked where these do not decide.
template <typename Ask>
Look granted(Look wish, bool in, bool out, const Ask& stands_like_server) {
    if (in && out) return wish;
    if (wish == Look::full && stands_like_server()) return wish;
    return in || out ? Look::links : Look::none;
}

/// `node dist/index.js` may be told by where it stands.
bool says_server_in(std::string_view directory, std::string_view cmdline,
                    const classify::Classifier& classifier);

/// All of the above together.
std::vector<Look> looks_at_servers(const ProcessTree& tree, const Classifications& classes,
                                   const Memory* memory, const Grant& grant);

/// What a dead server left behind (a browser) keeps its pipes and has children of its own: where a
/// process was looked at only for its links and shares a pipe with what may be a server, its
/// descendants are looked at too. These descendants; the processes of `tree` have their details by now.
std::vector<Index> below_left_overs(const ProcessTree& tree, const std::vector<Look>& looks);

/// The processes below `roots` (indices), the roots not among them; in no particular order.
std::vector<Index> descendants_of(const ProcessTree& tree, std::span<const Index> roots);

}  // namespace reaper::scan
