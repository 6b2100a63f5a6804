#include "scan/left_overs.h"

#include <algorithm>
#include <map>
#include <utility>

#include "scan/browser.h"

namespace reaper::scan {
namespace {

using classify::Classification;
using classify::TypeSource;

using Ends = std::vector<const ChannelEnd*>;

/// What is on descriptors 0, 1, 3 and 4, as far as it was looked at.
Ends ends_of(const ProcessDetail& detail) {
    Ends ends;
    for (const auto* end : {&detail.in, &detail.out, &detail.debug_in, &detail.debug_out}) {
        if (*end) ends.push_back(&**end);
    }
    return ends;
}

bool is_closed(const std::optional<ChannelEnd>& end) {
    return end && end->state == EndState::closed;
}

std::string events_of(const ChannelEnd& end) {
    return std::string(to_string(end.kind)) + (end.events.empty() ? "" : " " + end.events);
}

/// Nobody is connected to it over any descriptor that could be, and that could be told.
bool nobody_connected(const Process& process) {
    if (!process.detail || !process.detail->in || !process.detail->out) return false;
    const Ends ends = ends_of(*process.detail);
    return std::none_of(ends.begin(), ends.end(), [](const ChannelEnd* end) {
        return end->state == EndState::open || end->state == EndState::unknown ||
               end->kind == EndKind::terminal;
    });
}

class Finder {
  public:
    Finder(const ProcessTree& tree, const Classifications& classified,
           const classify::Classifier& classifier, const Memory* memory)
        : tree_(tree), classified_(classified), classifier_(classifier), memory_(memory) {}

    std::vector<Remainder> run() {
        if (memory_ != nullptr && memory_->size() > 0) remembered();
        for (Index i = 0; i < tree_.size(); ++i) {
            if (memory_ == nullptr || memory_->find(at(i).id) == nullptr) abandoned(i);
        }
        return std::move(found_);
    }

  private:
    [[nodiscard]] const Process& at(Index i) const { return tree_.at(i); }

    // ---- what was part of a server before

    struct Remembered {
        const RememberedServer* server = nullptr;
        std::vector<Index> roots;
    };

    void remembered() {
        std::map<ProcessId, Remembered> by_server;
        for (Index i = 0; i < tree_.size(); ++i) {
            const RememberedProcess* const known = part_of_server(i);
            if (known == nullptr || below_another_part(i, known->server->id)) continue;
            Remembered& entry = by_server[known->server->id];
            entry.server = known->server.get();
            entry.roots.push_back(i);
        }
        for (const auto& [id, entry] : by_server) divide(entry);
    }

    /// Helpers only: a launcher or a server process is known by its own command line, and if that no
    /// longer says so, it is not one any more. A browser that a server has opened for its user
    /// (xdg-open) is the user's own once nothing but memory ties it to the server.
    [[nodiscard]] const RememberedProcess* part_of_server(Index i) const {
        if (at(i).zombie() || is_personal_browser(at(i).cmdline)) return nullptr;
        const RememberedProcess* const known = memory_->find(at(i).id);
        const bool same =
            known != nullptr && known->part == Member::Part::helper && known->still_is(at(i));
        return same ? known : nullptr;
    }

    [[nodiscard]] bool below_another_part(Index i, const ProcessId& server) const {
        const std::optional<Index> above = tree_.parent(i);
        if (!above) return false;
        const RememberedProcess* const known = part_of_server(*above);
        return known != nullptr && known->server->id == server;
    }

    /// Into what is proven to be of no use and what is not: one may end without the other.
    void divide(const Remembered& entry) {
        std::vector<Index> chain;
        for (const ProcessId& id : entry.server->chain) {
            const std::optional<Index> i = tree_.find(id.pid);
            if (i && at(*i).id == id && !at(*i).zombie()) chain.push_back(*i);
        }
        std::optional<Index> browser;
        for (const Index root : entry.roots) {
            if (!browser && is_idle_browser(root)) browser = root;
        }
        Remainder proven, other;
        for (const Index root : entry.roots) {
            const bool useless = is_useless(root, browser, *entry.server);
            (useless ? proven : other).claim.roots.push_back(root);
        }
        const std::string was = "seen as part of it before it ended";
        proven.left_over = {entry.server->id,
                            browser ? was + ", and nobody is connected to its browser any more"
                                    : was + ", and hung up like it",
                            true};
        proven.browser = browser;
        other.left_over = {entry.server->id, was + ", but it may have been meant to stay", false};
        for (Remainder* const one : {&proven, &other}) {
            if (one->claim.roots.empty()) continue;
            one->claim.chain = chain;
            one->server = *entry.server;
            found_.push_back(std::move(*one));
        }
    }

    /// A browser that it controlled, which nobody does any more.
    [[nodiscard]] bool is_idle_browser(Index i) const {
        return controlled_browser(at(i).cmdline) && nobody_connected(at(i));
    }

    /// Not every process that a server has started is of no use without it: it may have been asked to
    /// start a long job, or to show its user a page. A browser that was controlled is, with what comes
    /// from its installation (the crash handler); and so is a worker that runs the server's own program
    /// and whose stdin and stdout are both hung up.
    [[nodiscard]] bool is_useless(Index i, const std::optional<Index>& browser,
                                  const RememberedServer& server) const {
        if (is_idle_browser(i)) return true;
        const auto& detail = at(i).detail;
        if (!detail || detail->exe.empty()) return false;
        if (browser && at(i).uid == at(*browser).uid &&
            same_installation(detail->exe, at(*browser).detail->exe))
            return true;
        const bool silent = detail->listening && detail->listening->empty() && detail->main_of_unit &&
                            detail->main_of_unit->empty();
        return detail->exe == server.exe && is_closed(detail->in) && is_closed(detail->out) && silent;
    }

    // ---- what tells it by itself

    /// A browser in control of which nobody is any more.
    void abandoned(Index i) {
        if (!may_be_browser(at(i).comm) || at(i).zombie()) return;
        const auto browser = controlled_browser(at(i).cmdline);
        if (!browser || browser->profile == Profile::other || !has_lost_its_maker(i)) return;
        Remainder remainder;
        remainder.claim.roots = {i};
        remainder.browser = i;
        remainder.left_over.proven = false;
        remainder.server.program = classified_[i].command.program;
        describe(*browser, remainder.server);
        judge(i, *browser, remainder.left_over);
        if (!remainder.left_over.proven) {
            remainder.server.type_source = TypeSource::structure;
            remainder.server.rule = remainder.left_over.proof;
        }
        found_.push_back(std::move(remainder));
    }

    /// Who made its debugging pipe started it. Without a maker to ask, init as a parent speaks for it.
    [[nodiscard]] bool has_lost_its_maker(Index i) const {
        const auto& detail = at(i).detail;
        const auto maker = detail && detail->debug_in ? detail->debug_in->maker : std::nullopt;
        if (!maker) return tree_.reparented(i);
        const std::optional<Index> there = tree_.find(*maker);
        return !there || at(*there).zombie() || at(*there).id.start > at(i).id.start;
    }

    void describe(const ControlledBrowser& browser, RememberedServer& server) const {
        if (browser.package.empty()) {
            server.type = "browser";
            return;
        }
        const Classification what =
            classifier_.classify(classify::CommandLine::from_argv({"npx", browser.package}));
        server.type = what.type;
        server.type_source = what.type_source;
        server.rule = "profile " + browser.directory;
    }

    void judge(Index i, const ControlledBrowser& browser, LeftOver& left_over) const {
        const auto& detail = at(i).detail;
        const bool hung_up = detail && is_closed(detail->debug_in) && is_closed(detail->debug_out);
        if (!browser.by_pipe) {
            left_over.proof =
                "a browser without a parent, controlled over a port: by whom cannot be told";
        } else if (!hung_up) {
            left_over.proof =
                "a browser without a parent, but its debugging pipe is not seen to be hung up";
        } else if (browser.profile != Profile::mcp) {
            left_over.proof = "a browser with a hung-up debugging pipe, but no MCP server's profile: " +
                              browser.directory;
        } else {
            left_over.proven = true;
            left_over.proof = "its debugging pipe is hung up (" + events_of(*detail->debug_in) + ", " +
                              events_of(*detail->debug_out) + ") and its profile is " +
                              browser.directory;
        }
    }

    const ProcessTree& tree_;
    const Classifications& classified_;
    const classify::Classifier& classifier_;
    const Memory* memory_;
    std::vector<Remainder> found_;
};

}  // namespace

std::vector<Remainder> find_remainders(const ProcessTree& tree, const Classifications& classified,
                                       const classify::Classifier& classifier, const Memory* memory) {
    return Finder(tree, classified, classifier, memory).run();
}

}  // namespace reaper::scan
