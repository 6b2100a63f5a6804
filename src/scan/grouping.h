// Which processes are one server. Pure; internal to scan/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "classify/classification.h"
#include "scan/process_tree.h"

namespace reaper::scan {

/// What each process of the sample is by its own command line, in the sample's order.
using Classifications = std::vector<classify::Classification>;

/// The processes of one server.
struct Group {
    std::vector<Index> chain;    ///< From the topmost launcher down to the server process.
    bool has_server = false;     ///< Whether chain.back() is the server process, not yet a launcher.
    std::vector<Index> helpers;  ///< Everything else below, ordered by place in the sample.
    bool suspected = false;      ///< Only its place among the processes speaks for it.
    std::optional<Index> protected_inside;  ///< A client or terminal multiplexer below it.

    [[nodiscard]] Index top() const { return chain.front(); }
    [[nodiscard]] std::optional<Index> server() const {
        return has_server ? std::optional<Index>(chain.back()) : std::nullopt;
    }
};

/// All groups, ordered by their topmost process. No process is in two.
std::vector<Group> group_servers(const ProcessTree& tree, const Classifications& classified);

/// tmux, screen, zellij: what lives in one is a person's session.
bool is_terminal_multiplexer(const Process& process);

/// A shell by its comm.
bool is_shell(const Process& process);

/// The nearest ancestor of `top` that can be its client: not a shell, a launcher, an init, a terminal
/// or a login. `member` tells which processes belong to the server itself.
template <typename Member>
std::optional<Index> ancestor_client(const ProcessTree& tree, const Classifications& classified,
                                     Index top, const Member& member);

/// Stops the search for a client: whatever runs below one of these was started by a person.
bool is_session_root(const Process& process);

template <typename Member>
std::optional<Index> ancestor_client(const ProcessTree& tree, const Classifications& classified,
                                     Index top, const Member& member) {
    for (std::optional<Index> above = tree.parent(top); above; above = tree.parent(*above)) {
        const Process& process = tree.at(*above);
        if (classified[*above].role == classify::Role::client) return above;
        if (adopts_orphans(process) || is_session_root(process)) return std::nullopt;
        const bool between = is_shell(process) || member(*above) ||
                             classified[*above].wraps != classify::LauncherKind::none ||
                             process.zombie();
        if (!between) return above;
    }
    return std::nullopt;
}

}  // namespace reaper::scan
