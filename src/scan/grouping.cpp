#include "scan/grouping.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "classify/name.h"

namespace reaper::scan {
namespace {

using classify::Classification;
using classify::LauncherKind;
using classify::Role;

template <std::size_t N>
bool named(const std::array<std::string_view, N>& names, std::string_view comm) {
    return std::find(names.begin(), names.end(), comm) != names.end();
}

bool linked(const std::optional<ChannelEnd>& a, const std::optional<ChannelEnd>& b) {
    return a && b && a->inode != 0 && a->inode == b->inode && a->kind == b->kind &&
           (a->kind == EndKind::pipe || a->kind == EndKind::unix_socket);
}

/// The editor side of a language server says so on its command line.
bool speaks_to_an_editor(const Classification& what) {
    return std::any_of(what.command.arguments.begin(), what.command.arguments.end(),
                       [](const std::string& word) {
                           return word == "--node-ipc" || word.starts_with("--clientProcessId") ||
                                  word.starts_with("--socket=") || word == "--lsp" || word == "lsp";
                       });
}

class Grouper {
  public:
    Grouper(const ProcessTree& tree, const Classifications& classified, std::span<const Claim> claims)
        : tree_(tree), classified_(classified), claims_(claims), owner_(tree.size()) {}

    std::vector<Group> run() {
        for (Index i = 0; i < tree_.size(); ++i) {
            if (is_server(i) && !within_same_server(i)) start_group(i, false);
        }
        for (Index i = 0; i < tree_.size(); ++i) {
            if (!owner_[i] && suspicious(i)) start_group(i, true);
        }
        for (std::size_t group = 0; group < groups_.size(); ++group) claim_descendants(group);
        join_fragments();
        for (std::size_t claim = 0; claim < claims_.size(); ++claim) settle(claim);
        adopt_strays();
        finish();
        return std::move(groups_);
    }

  private:
    [[nodiscard]] const Process& at(Index i) const { return tree_.at(i); }
    [[nodiscard]] const Classification& what(Index i) const { return classified_[i]; }

    /// A process that starts several servers is the launcher of none.
    [[nodiscard]] bool is_server(Index i) const {
        const Role role = what(i).role;
        if (role == Role::server) return true;
        return role == Role::launcher && serving_children(i) <= 1;
    }

    [[nodiscard]] std::size_t serving_children(Index i) const {
        const auto children = tree_.children(i);
        return static_cast<std::size_t>(std::count_if(
            children.begin(), children.end(), [&](Index child) { return names_a_server(what(child)); }));
    }

    [[nodiscard]] std::size_t living_children(Index i) const {
        const auto children = tree_.children(i);
        return static_cast<std::size_t>(std::count_if(children.begin(), children.end(),
                                                      [&](Index child) { return !at(child).zombie(); }));
    }

    /// May `above` be a launcher in front of its child? One that names no server must have started
    /// nothing else: `npm run dev` with a web server beside it is nobody's launcher.
    [[nodiscard]] bool launches(Index above) const {
        if (at(above).zombie()) return false;
        if (what(above).role == Role::launcher) return serving_children(above) <= 1;
        return what(above).role == Role::none && what(above).wraps != LauncherKind::none &&
               living_children(above) == 1;
    }

    [[nodiscard]] Index top_of(Index i) const {
        std::optional<Index> above = tree_.parent(i);
        while (above && launches(*above)) {
            i = *above;
            above = tree_.parent(i);
        }
        return i;
    }

    /// A part of a server that calls itself by the server's name: below a server process of the same
    /// type, with no client and no other server in between.
    [[nodiscard]] bool within_same_server(Index i) const {
        for (std::optional<Index> above = tree_.parent(i); above; above = tree_.parent(*above)) {
            if (what(*above).role == Role::client) return false;
            if (what(*above).role == Role::server) return what(*above).type == what(i).type;
        }
        return false;
    }

    /// Stdin and stdout connected to a known client: it looks like a server, and so does a language
    /// server. Shown, never acted on.
    [[nodiscard]] bool suspicious(Index i) const {
        if (!what(i).undecided || at(i).zombie() || speaks_to_an_editor(what(i))) return false;
        const auto connected = [](const std::optional<ChannelEnd>& end) {
            return end && (end->kind == EndKind::pipe || end->kind == EndKind::unix_socket);
        };
        const Index top = top_of(i);
        const auto& detail = at(top).detail;
        if (!detail || !connected(detail->in) || !connected(detail->out)) return false;
        if (const std::optional<pid_t> maker = detail->in->maker) {
            const std::optional<Index> client = tree_.find(*maker);
            if (client && what(*client).role == Role::client &&
                at(*client).id.start <= at(top).id.start) {
                return true;
            }
        }
        const auto none = [](Index) { return false; };
        const std::optional<Index> client = ancestor_client(tree_, classified_, top, none);
        return client && what(*client).role == Role::client;
    }

    void start_group(Index seed, bool suspected) {
        const Index top = top_of(seed);
        if (owner_[top]) return;
        Group group;
        group.suspected = suspected;
        group.chain.push_back(top);
        while (is_launcher(group.chain.back())) {
            const std::optional<Index> next = launched_by(group.chain.back());
            if (!next) break;
            group.chain.push_back(*next);
        }
        // A container's launcher is all of the server that this host shows.
        const Index last = group.chain.back();
        group.has_server = !is_launcher(last) || what(last).wraps == LauncherKind::container;
        for (const Index i : group.chain) owner_[i] = groups_.size();
        groups_.push_back(std::move(group));
    }

    [[nodiscard]] bool is_launcher(Index i) const { return what(i).wraps != LauncherKind::none; }

    /// The child that `i` was started to start. A wrapper hands its stdin on: helpers of an
    /// installation (node-gyp) have another.
    [[nodiscard]] std::optional<Index> launched_by(Index i) const {
        std::optional<Index> best;
        for (const Index child : tree_.children(i)) {
            if (what(child).role == Role::client || owner_[child]) continue;
            if (names_a_server(what(child))) return child;
            if (at(child).zombie()) continue;
            const bool supervised = what(i).wraps == LauncherKind::supervisor;
            if (!supervised && !shares_stdin(i, child)) continue;
            if (!best) best = child;
        }
        return best;
    }

    [[nodiscard]] bool shares_stdin(Index a, Index b) const {
        const auto& x = at(a).detail;
        const auto& y = at(b).detail;
        if (!x || !y || !x->in || !y->in) return true;  // Not to be told: take the tree's word.
        return x->in->kind == y->in->kind && x->in->inode == y->in->inode;
    }

    /// Everything below the chain that is not a server, a client, or what lives below those.
    void claim_descendants(std::size_t group) { claim_below(group, groups_[group].chain); }

    void claim_below(std::size_t group, std::vector<Index> todo) {
        while (!todo.empty()) {
            const Index i = todo.back();
            todo.pop_back();
            for (const Index child : tree_.children(i)) {
                if (owner_[child]) continue;  // of this group's chain, or a server of its own
                claim(group, child, todo);
            }
        }
    }

    void claim(std::size_t group, Index i, std::vector<Index>& todo) {
        if (is_protected(i)) {
            groups_[group].protected_inside = i;
            return;
        }
        owner_[i] = group;
        groups_[group].helpers.push_back(i);
        todo.push_back(i);
    }

    /// A launcher whose child was adopted by init, and that child: one server, by the stdin they share.
    void join_fragments() {
        std::unordered_map<std::uint64_t, std::vector<std::size_t>> adopted;
        for (std::size_t group = 0; group < groups_.size(); ++group) {
            const Process& root = at(groups_[group].top());
            if (!tree_.reparented(groups_[group].top()) || !root.detail) continue;
            if (linked(root.detail->in, root.detail->in))
                adopted[root.detail->in->inode].push_back(group);
        }
        for (std::size_t lone = 0; lone < groups_.size(); ++lone) {
            if (groups_[lone].chain.empty() || groups_[lone].has_server) continue;
            const Process& launcher = at(groups_[lone].chain.back());
            if (!launcher.detail || !launcher.detail->in) continue;
            const auto found = adopted.find(launcher.detail->in->inode);
            if (found == adopted.end()) continue;
            for (const std::size_t other : found->second) {
                if (other == lone || groups_[other].chain.empty()) continue;
                const Process& root = at(groups_[other].top());
                if (launcher.uid != root.uid || !linked(launcher.detail->in, root.detail->in)) continue;
                if (!may_be_one(groups_[lone].chain.back(), groups_[other].top())) continue;
                join(lone, other);
                break;
            }
        }
    }

    /// Of the same type, as far as both tell: a script may have given its stdin to several servers.
    [[nodiscard]] bool may_be_one(Index launcher, Index root) const {
        const std::string& a = what(launcher).type;
        const std::string& b = what(root).type;
        return a == b || a == classify::kGenericType || b == classify::kGenericType || b.empty();
    }

    void join(std::size_t lone, std::size_t other) {
        Group& into = groups_[lone];
        Group& from = groups_[other];
        for (const Index i : from.chain) owner_[i] = lone;
        for (const Index i : from.helpers) owner_[i] = lone;
        into.chain.insert(into.chain.end(), from.chain.begin(), from.chain.end());
        into.helpers.insert(into.helpers.end(), from.helpers.begin(), from.helpers.end());
        into.has_server = from.has_server;
        into.suspected = into.suspected && from.suspected;
        if (!into.protected_inside) into.protected_inside = from.protected_inside;
        from = Group{};
    }

    void settle(std::size_t number) {
        const Claim& claim = claims_[number];
        std::optional<std::size_t> group;
        for (const Index i : claim.chain) {
            if (owner_[i]) group = owner_[i];
        }
        if (!claim.chain.empty() && !group) return;
        for (const Index root : claim.roots) {
            if (owner_[root] || is_protected(root)) continue;
            if (!group) {
                group = groups_.size();
                groups_.emplace_back().claim = number;
            }
            adopt(*group, root);
        }
    }

    [[nodiscard]] bool is_protected(Index i) const { return is_never_ended(at(i), what(i)); }

    /// A process that left its server's tree by a double fork (Chromium's crash handler) still holds the
    /// stdin or stdout that it shared with a helper in it. Only what a server made for its own helpers
    /// counts: its own stdin and stdout come from outside, and under a CI runner or in a script half
    /// the host may have been given the same.
    void adopt_strays() {
        std::unordered_map<std::uint64_t, std::vector<Index>> holders;
        for (const Group& group : groups_) {
            for (const Index helper : group.helpers) enter(holders, helper);
        }
        for (const Group& group : groups_) {
            for (const Index i : group.chain) forget(holders, i);
        }
        if (holders.empty()) return;
        for (Index i = 0; i < tree_.size(); ++i) {
            if (owner_[i] || what(i).role != Role::none || !at(i).detail || at(i).zombie()) continue;
            if (!tree_.reparented(i) || is_terminal_multiplexer(at(i)) || adopts_orphans(at(i)))
                continue;
            if (const std::optional<Index> helper = left_by(holders, i)) adopt(*owner_[*helper], i);
        }
    }

    template <typename Visit>
    void each_end(Index i, const Visit& visit) const {
        const auto& detail = at(i).detail;
        if (!detail) return;
        for (const auto* end : {&detail->in, &detail->out}) {
            if (linked(*end, *end)) visit((*end)->inode);
        }
    }

    using Holders = std::unordered_map<std::uint64_t, std::vector<Index>>;

    void enter(Holders& holders, Index i) const {
        each_end(i, [&](std::uint64_t inode) { holders[inode].push_back(i); });
    }

    void forget(Holders& holders, Index i) const {
        each_end(i, [&](std::uint64_t inode) { holders.erase(inode); });
    }

    [[nodiscard]] std::optional<Index> left_by(const Holders& holders, Index stray) const {
        std::optional<Index> found;
        each_end(stray, [&](std::uint64_t inode) {
            const auto holding = holders.find(inode);
            if (found || holding == holders.end()) return;
            for (const Index helper : holding->second) {
                if (relates(helper, stray)) found = helper;
            }
        });
        return found;
    }

    /// The same end of the same pipe or socket, in to in, out to out (`server | tee` is no relation); of
    /// the same user, younger, and a program of the same installation.
    [[nodiscard]] bool relates(Index helper, Index stray) const {
        const Process& a = at(helper);
        const Process& b = at(stray);
        const bool same_end = linked(a.detail->in, b.detail->in) || linked(a.detail->out, b.detail->out);
        return same_end && a.uid == b.uid && b.id.start >= a.id.start &&
               same_installation(a.detail->exe, b.detail->exe);
    }

    void adopt(std::size_t group, Index stray) {
        std::vector<Index> todo;
        claim(group, stray, todo);
        claim_below(group, std::move(todo));
    }

    void finish() {
        std::erase_if(groups_, [](const Group& group) { return group.chain.empty() && !group.claim; });
        for (Group& group : groups_) std::sort(group.helpers.begin(), group.helpers.end());
        std::sort(groups_.begin(), groups_.end(),
                  [](const Group& a, const Group& b) { return a.top() < b.top(); });
    }

    const ProcessTree& tree_;
    const Classifications& classified_;
    std::span<const Claim> claims_;
    std::vector<Group> groups_;
    std::vector<std::optional<std::size_t>> owner_;  // The group of each process.
};

}  // namespace

bool same_installation(std::string_view exe, std::string_view other) {
    if (exe.empty() || other.empty()) return false;
    if (exe == other) return true;
    const std::string_view directory = exe.substr(0, exe.rfind('/'));
    return directory == other.substr(0, other.rfind('/')) && !directory.ends_with("/bin") &&
           !directory.ends_with("/sbin");
}

bool is_shell(const Process& process) {
    constexpr auto kShells =
        std::to_array<std::string_view>({"sh", "bash", "dash", "zsh", "ksh", "fish", "ash", "tcsh",
                                         "csh", "nu", "elvish", "pwsh", "busybox"});
    return named(kShells, process.comm);
}

bool is_session_root(const Process& process) {
    constexpr auto kRoots =
        std::to_array<std::string_view>({"sshd",        "login",       "gnome-terminal-",
                                         "konsole",     "xterm",       "alacritty",
                                         "kitty",       "wezterm-gui", "foot",
                                         "terminator",  "tilix",       "xfce4-terminal",
                                         "gnome-shell", "plasmashell", "cron",
                                         "atd",         "su",          "sudo",
                                         "runuser",     "ptyxis",      "ghostty",
                                         "urxvt",       "st",          "SessionLeader",
                                         "Relay"});
    return is_terminal_multiplexer(process) || named(kRoots, process.comm);
}

std::vector<Group> group_servers(const ProcessTree& tree, const Classifications& classified,
                                 std::span<const Claim> claims) {
    return Grouper(tree, classified, claims).run();
}

}  // namespace reaper::scan
