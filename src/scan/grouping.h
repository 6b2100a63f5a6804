// Which processes are one server. Pure; internal to scan/.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scan/classifications.h"
#include "scan/process_tree.h"
#include "scan/protection.h"

namespace reaper::scan {

/// Processes that their command lines do not make part of a server, but something else does: they were
/// one before, or are a browser that nobody controls any more.
struct Claim {
    std::vector<Index> roots;  ///< With all below them; in the sample's order.
    /// What is there yet of the launchers and the server process that they belong to. If these are part
    /// of a server, so are the roots; without any, the roots are a left-over.
    std::vector<Index> chain;
};

/// The processes of one server.
struct Group {
    std::vector<Index> chain;    ///< From the topmost launcher down; empty for a left-over.
    bool has_server = false;     ///< Whether chain.back() is the server process, not yet a launcher.
    std::vector<Index> helpers;  ///< Everything else below, ordered by place in the sample.
    bool suspected = false;      ///< Only its place among the processes speaks for it.
    std::optional<Index> protected_inside;  ///< A client or terminal multiplexer below it.
    std::optional<std::size_t> claim;       ///< Of a left-over: which claim it was made of.

    [[nodiscard]] Index top() const { return chain.empty() ? helpers.front() : chain.front(); }
    [[nodiscard]] std::optional<Index> server() const {
        return has_server ? std::optional<Index>(chain.back()) : std::nullopt;
    }
};

/// All groups, ordered by their topmost process. No process is in two: a claim on what is part of a
/// server already, or is a client or a terminal multiplexer, is void.
std::vector<Group> group_servers(const ProcessTree& tree, const Classifications& classified,
                                 std::span<const Claim> claims = {});

/// The same program file, or one beside it in a directory of its own: everything is beside everything
/// in /usr/bin.
bool same_installation(std::string_view exe, std::string_view other);

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
