#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "policy/wording.h"
#include "report/command_text.h"
#include "report/explained_server.h"
#include "report/humanize.h"
#include "report/redact.h"
#include "report/text_width.h"

namespace reaper::report {
namespace {

using scan::ChannelEnd;
using scan::EndKind;
using scan::EndState;
using scan::Member;

constexpr std::size_t kMaxShownMembers = 200;
constexpr std::size_t kMaxIndent = 20;

// ---- the tree

class Tree {
  public:
    Tree(const ServerCase& one, const ProcessId& asked, TextWriter& out)
        : one_(one), asked_(asked), out_(out) {
        for (const Member& member : one.server.members) pids_.insert(member.id.pid);
        for (const Member& member : one.server.members) {
            if (member.parent != member.id.pid && pids_.contains(member.parent)) {
                children_[member.parent].push_back(&member);
            } else {
                roots_.push_back(&member);
            }
        }
    }

    void tell() {
        for (const Member* root : roots_) tell_from(*root);
        // Parents that go in a circle are no tree; what a recording says of them is shown all the same.
        for (const Member& member : one_.server.members) tell_from(member);
        const std::size_t left =
            one_.server.members.size() - std::min(shown_, one_.server.members.size());
        if (left > 0) out_.line(fmt::format("and {} more", left), 2);
    }

  private:
    void tell_from(const Member& top) {
        std::vector<std::pair<const Member*, std::size_t>> open{{&top, 0}};
        while (!open.empty()) {
            const auto [member, depth] = open.back();
            open.pop_back();
            if (shown_ == kMaxShownMembers || !seen_.insert(member->id.pid).second) continue;
            ++shown_;
            tell_member(*member, std::min(depth, kMaxIndent));
            const auto found = children_.find(member->id.pid);
            if (found == children_.end()) continue;
            for (auto child = found->second.rbegin(); child != found->second.rend(); ++child) {
                open.emplace_back(*child, depth + 1);
            }
        }
    }

    void tell_member(const Member& member, std::size_t depth) {
        const bool asked = member.id == asked_;
        std::string text =
            fmt::format("{}{}{} {} [{}]", asked ? "> " : "  ", std::string(2 * depth, ' '),
                        member.id.pid, printable(member.comm, 64), part_of(member));
        const std::string command = command_of(member.id);
        if (!command.empty()) text += ' ' + command;
        const std::size_t width = out_.options().width;
        out_.raw((width == 0 ? text : shorten(text, width, out_.options().utf8 ? "…" : "...")) + '\n');
    }

    static std::string part_of(const Member& member) {
        std::string part = "helper";
        if (member.part == Member::Part::server) part = "server";
        if (member.part == Member::Part::launcher) {
            part = "launcher";
            if (member.launcher == classify::LauncherKind::supervisor) part = "supervisor";
            if (member.launcher == classify::LauncherKind::container) part = "container";
        }
        return member.zombie ? part + ", zombie" : part;
    }

    [[nodiscard]] std::string command_of(const ProcessId& id) const {
        for (const scan::Process& process : one_.sample.processes) {
            if (process.id == id) return shown_command(process.cmdline, 300);
        }
        return "";
    }

    const ServerCase& one_;
    ProcessId asked_;
    TextWriter& out_;
    std::set<pid_t> pids_;
    std::set<pid_t> seen_;
    std::map<pid_t, std::vector<const Member*>> children_;
    std::vector<const Member*> roots_;
    std::size_t shown_ = 0;
};

// ---- the channel

std::string kind_in_words(const ChannelEnd& end) {
    switch (end.kind) {
        case EndKind::unknown:
            return "not to be seen";
        case EndKind::absent:
            return "closed by the process itself";
        case EndKind::null_device:
            return "/dev/null";
        case EndKind::file:
            return "a file";
        case EndKind::terminal:
            return "a terminal";
        case EndKind::pipe:
            return fmt::format("pipe:[{}]", end.inode);
        case EndKind::fifo:
            return "a named pipe";
        case EndKind::unix_socket:
            return fmt::format("unix socket:[{}]", end.inode);
        case EndKind::inet_socket:
            return fmt::format("network socket:[{}]", end.inode);
        case EndKind::other:
            return "something else";
    }
    return "";
}

std::string state_in_words(EndState state, std::string_view peer) {
    switch (state) {
        case EndState::open:
            return fmt::format("its {} is there", peer);
        case EndState::closed:
            return fmt::format("its {} is gone for good", peer);
        case EndState::unknown:
            return fmt::format("whether its {} is there cannot be told", peer);
        case EndState::none:
            return "nobody to speak of at its other end";
    }
    return "";
}

std::string channel_in_words(scan::Channel channel) {
    switch (channel) {
        case scan::Channel::open:
            return "open: somebody is at the other end of stdin or stdout";
        case scan::Channel::closed:
            return "closed: stdin and stdout are both hung up and can never open again";
        case scan::Channel::none:
            return "none: nobody can talk to it over stdin and stdout";
        case scan::Channel::unknown:
            return "unknown: that may not be looked at, so it counts as in use";
    }
    return "";
}

std::string client_in_words(const scan::Server& server) {
    if (!server.client) return "none known";
    const scan::Client& client = *server.client;
    std::string text = client.name.empty()
                           ? fmt::format("pid {}", client.pid)
                           : fmt::format("{} (pid {})", printable(client.name, 80), client.pid);
    text += client.alive ? ", alive" : ", gone";
    if (client.alive) text += client.known ? ", a known client" : ", not a known client";
    text += client.source == scan::Client::Source::socket ? "; it made the socket of stdin (SO_PEERCRED)"
                                                          : "; the nearest ancestor that can be one";
    return text;
}

std::string standalone_in_words(const scan::Server& server) {
    const std::string why = printable(server.standalone_why, 500);
    const auto with = [&](const char* answer, const char* otherwise) {
        return fmt::format("{}: {}", answer, why.empty() ? otherwise : why.c_str());
    };
    if (!server.standalone)
        return with("cannot be told, so it counts as in use", "its sockets may not be looked at");
    return *server.standalone
               ? with("yes", "it is meant to live without a client")
               : with("no", "the server process listens nowhere and is no unit's main process");
}

std::string left_over_in_words(const scan::Server& server) {
    const scan::LeftOver& left_over = *server.left_over;
    return fmt::format("what {} has left behind, which has ended{}: {}",
                       left_over.server ? "server " + left_over.server->text() : "a server",
                       left_over.proven ? "" : ", perhaps", printable(left_over.proof, 1000));
}

void tell_channel(const scan::Server& server, TextWriter& out) {
    if (server.left_over) {
        out.field("Left over", left_over_in_words(server));
        out.field("Debug in", end_in_words(server.in, "writer"));
        out.field("Debug out", end_in_words(server.out, "reader"));
        return;
    }
    out.field("Channel", channel_in_words(server.channel));
    out.field("Stdin", end_in_words(server.in, "writer"));
    out.field("Stdout", end_in_words(server.out, "reader"));
}

}  // namespace

std::string end_in_words(const ChannelEnd& end, std::string_view peer) {
    std::string text = kind_in_words(end);
    const bool has_peer = end.kind == EndKind::pipe || end.kind == EndKind::fifo ||
                          end.kind == EndKind::unix_socket || end.kind == EndKind::inet_socket;
    if (has_peer || end.state == EndState::open || end.state == EndState::closed) {
        text += ", " + state_in_words(end.state, peer);
    }
    const bool polled =
        end.state == EndState::open || end.state == EndState::closed || !end.events.empty();
    std::string how =
        polled ? "poll: " + (end.events.empty() ? "nothing" : printable(end.events, 100)) : "";
    if (!end.method.empty()) {
        if (!how.empty()) how += ", ";
        how += (end.state == EndState::unknown ? "" : "by ") + printable(end.method, 200);
    }
    if (!how.empty()) text += fmt::format(" ({})", how);
    if (end.maker) text += fmt::format("; made by pid {}", *end.maker);
    return text;
}

void tell_tree(const ServerCase& one, const ProcessId& asked, TextWriter& out) {
    out.heading(fmt::format("Server {} ({})", one.server.id.text(), printable(one.server.type, 120)));
    Tree(one, asked, out).tell();
}

void tell_evidence(const ServerCase& one, TextWriter& out) {
    const scan::Server& server = one.server;
    const scan::Usage& usage = server.usage;
    out.heading("Evidence");
    out.field("Type by", fmt::format("{} ({})", printable(redact_line(server.rule), 500),
                                     classify::to_string(server.type_source)));
    tell_channel(server, out);
    out.field("Client", client_in_words(server));
    out.field("Standalone", standalone_in_words(server));
    if (!server.contains_protected.empty()) {
        out.field("Protected",
                  "never ended, and part of it: " + printable(server.contains_protected, 200));
    }
    out.field("Usage",
              fmt::format("{}, memory {}{} (RSS {}), {}, {}",
                          usage.cpu ? policy::in_words(*usage.cpu) : "CPU not measured",
                          human_bytes(usage.memory), usage.memory_is_complete ? "" : " at most",
                          human_bytes(usage.resident), counted(usage.processes, "process", "processes"),
                          counted(usage.threads, "thread", "threads")));
    out.field("Age", fmt::format("{}; seen idle for {}", policy::in_words(usage.age),
                                 policy::in_words(one.verdict.idle)));
}

}  // namespace reaper::report
