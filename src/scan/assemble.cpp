#include "scan/assemble.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/digest.h"
#include "classify/name.h"
#include "scan/grouping.h"
#include "scan/left_overs.h"

namespace reaper::scan {
namespace {

using classify::Classification;
using classify::LauncherKind;
using classify::Role;
using classify::TypeSource;

class Assembler {
  public:
    Assembler(const Sample& sample, const classify::Classifier& classifier, const Sample* previous,
              const AssembleOptions& options, const Memory* memory)
        : sample_(sample), tree_(sample.processes), options_(options) {
        classified_.reserve(sample.processes.size());
        for (const Process& process : sample.processes) {
            if (process.noted.by == &classifier) {
                classified_.add(process.noted.what);
            } else {
                classified_.add(classify_process(process, classifier));
            }
        }
        remainders_ = find_remainders(tree_, classified_, classifier, memory);
        if (previous == nullptr || previous->monotonic >= sample.monotonic) return;
        window_ = sample.monotonic - previous->monotonic;
        for (const Process& process : previous->processes)
            cpu_before_.emplace(process.id, process.cpu_time);
    }

    Snapshot run() {
        Snapshot snapshot{sample_.taken_at,
                          sample_.monotonic,
                          sample_.since_boot,
                          sample_.viewer,
                          sample_.host_processes.value_or(sample_.processes.size()),
                          {}};
        std::vector<Claim> claims;
        claims.reserve(remainders_.size());
        for (const Remainder& remainder : remainders_) claims.push_back(remainder.claim);
        for (const Group& group : group_servers(tree_, classified_, claims)) {
            snapshot.servers.push_back(group.claim ? describe_left_over(group, remainders_[*group.claim])
                                                   : describe(group));
        }
        std::sort(snapshot.servers.begin(), snapshot.servers.end(),
                  [](const Server& a, const Server& b) { return a.id < b.id; });
        return snapshot;
    }

  private:
    [[nodiscard]] const Process& at(Index i) const { return tree_.at(i); }

    Server describe(const Group& group) const {
        Server server;
        const Index main = group.server().value_or(group.top());
        server.id = at(main).id;
        server.uid = at(main).uid;
        if (group.server()) server.server_process = at(main).id;
        if (at(main).detail) server.cgroup = at(main).detail->cgroup;
        name_type(group, server);
        list_members(group, server);
        find_channel(group, server);
        find_standalone(group, server);
        list_listening(group, server);
        server.client = find_client(group, server);
        measure(group, server);
        name_protected(group, server);
        return server;
    }

    /// There is no server process to ask: what it was is remembered, or told by its browser.
    Server describe_left_over(const Group& group, const Remainder& remainder) const {
        Server server;
        const auto has = [&](Index i) {
            return std::find(group.helpers.begin(), group.helpers.end(), i) != group.helpers.end();
        };
        const bool browser_there = remainder.browser && has(*remainder.browser);
        const Process& top = at(browser_there ? *remainder.browser : group.top());
        server.id = top.id;
        server.uid = top.uid;
        server.left_over = remainder.left_over;
        server.type = remainder.server.type;
        server.type_source = remainder.server.type_source;
        server.rule = remainder.server.rule;
        if (!remainder.left_over.proven) {
            server.type_source = TypeSource::structure;
            server.rule = "left by " + server.type + ": " + remainder.left_over.proof;
        }
        server.launcher_kind = remainder.server.launcher_kind;
        server.program = remainder.server.program;
        server.arguments_digest = remainder.server.arguments_digest;
        list_members(group, server);
        server.in.state = server.out.state = EndState::none;
        server.in.method = server.out.method = "its server has ended";
        if (top.detail) {
            server.cgroup = top.detail->cgroup;
            if (top.detail->debug_in) server.in = *top.detail->debug_in;
            if (top.detail->debug_out) server.out = *top.detail->debug_out;
        }
        server.channel = combine(server.in, server.out);
        server.standalone = false;
        server.standalone_why = "its server has ended";
        server.client = as_now(remainder.server.client);
        measure(group, server);
        name_protected(group, server);
        return server;
    }

    /// A server that has started us, through a shell perhaps: to end it would be to end ourselves on the
    /// way.
    [[nodiscard]] std::optional<Index> own_process_in(const Server& server) const {
        if (sample_.viewer.self == 0) return std::nullopt;
        for (std::optional<Index> i = tree_.find(sample_.viewer.self); i; i = tree_.parent(*i)) {
            if (has_member(server, at(*i).id)) return i;
        }
        return std::nullopt;
    }

    /// A client that was seen before, as it is now.
    [[nodiscard]] std::optional<Client> as_now(std::optional<Client> client) const {
        if (!client) return client;
        const std::optional<Index> there = tree_.find(client->pid);
        client->alive = client->id && there && at(*there).id == *client->id && !at(*there).zombie();
        if (!client->alive) client->id.reset();
        return client;
    }

    void name_protected(const Group& group, Server& server) const {
        if (const std::optional<Index> own = own_process_in(server)) {
            server.contains_protected = "the program that looks, or who started it (pid " +
                                        std::to_string(at(*own).id.pid) + ")";
        }
        if (!group.protected_inside) return;
        const Process& inside = at(*group.protected_inside);
        const std::string& name = classified_[*group.protected_inside].type;
        server.contains_protected =
            (name.empty() ? inside.comm : name) + " (pid " + std::to_string(inside.id.pid) + ")";
    }

    /// The whole chain tells more than any one process: a type of the policy first, from the top; then
    /// the topmost derived one that says something ("npm exec @stripe/mcp" before ".bin/mcp").
    void name_type(const Group& group, Server& server) const {
        const Classification* best = nullptr;
        const auto rank = [](const Classification& what) {
            if (what.type_source == TypeSource::pattern) return 3;
            if (what.type_source != TypeSource::derived) return 0;
            return what.type == classify::kGenericType ? 1 : 2;
        };
        for (const Index i : group.chain) {
            const Classification& what = classified_[i];
            server.launcher_kind = std::max(server.launcher_kind, what.wraps);
            const bool shell = what.command.launcher_name.ends_with(" -c");
            if (!what.command.launcher_name.empty() && (server.launcher.empty() || !shell)) {
                const bool only_shells = server.launcher.empty() || server.launcher.ends_with(" -c");
                if (only_shells) server.launcher = what.command.launcher_name;
            }
            if (best == nullptr || rank(what) > rank(*best)) best = &what;
        }
        if (group.suspected) {
            best = &classified_[group.chain.back()];
            server.type_source = TypeSource::structure;
            server.type = classify::derive_type(best->command.program);
            server.rule = "connected to a known client like a server";
        } else {
            server.type_source = best->type_source;
            server.type = best->type;
            server.rule = best->rule;
        }
        server.program = best->command.program;
        Digest digest;
        digest.add(best->command.program);
        for (const std::string& argument : best->command.arguments) digest.add(argument);
        server.arguments_digest = digest.value();
    }

    void list_members(const Group& group, Server& server) const {
        const auto add = [&](Index i, Member::Part part) {
            const Process& process = at(i);
            server.members.push_back({process.id, process.parent, part, classified_[i].wraps,
                                      process.zombie(), process.uid, process.comm});
        };
        for (const Index i : group.chain) {
            add(i, group.server() == i ? Member::Part::server : Member::Part::launcher);
        }
        for (const Index i : group.helpers) add(i, Member::Part::helper);
    }

    [[nodiscard]] static bool has_member(const Server& server, const ProcessId& id) {
        return std::any_of(server.members.begin(), server.members.end(),
                           [&](const Member& member) { return member.id == id; });
    }

    /// Made by a living process of the server itself: between nodemon and its child, not to a client.
    [[nodiscard]] bool internal(const ChannelEnd& end, const Server& server) const {
        if (!end.maker) return false;
        const std::optional<Index> maker = tree_.find(*end.maker);
        return maker && !at(*maker).zombie() && has_member(server, at(*maker).id);
    }

    /// One end of the channel, over the chain: every process of it was started with the client's end,
    /// but a launching script may have put something in between. Whoever is still connected decides;
    /// then whoever may not be looked at; then the server process itself.
    [[nodiscard]] ChannelEnd decide(const Group& group, const Server& server,
                                    std::optional<ChannelEnd> ProcessDetail::*which) const {
        ChannelEnd decided;
        decided.method = "may not be looked at";
        bool found = false;
        const auto rank = [](const ChannelEnd& end) {
            return end.state == EndState::open ? 2 : end.state == EndState::unknown ? 1 : 0;
        };
        for (const Index i : group.chain) {
            const Process& process = at(i);
            if (process.zombie()) continue;
            if (!process.detail || !(process.detail.value().*which)) continue;
            const ChannelEnd& end = *(process.detail.value().*which);
            if (group.chain.size() > 1 && internal(end, server)) continue;
            if (!found || rank(end) >= rank(decided)) decided = end;  // Later: closer to the server.
            found = true;
        }
        return decided;
    }

    void find_channel(const Group& group, Server& server) const {
        server.in = decide(group, server, &ProcessDetail::in);
        server.out = decide(group, server, &ProcessDetail::out);
        server.channel = combine(server.in, server.out);
    }

    [[nodiscard]] bool helpers_count(const Server& server) const {
        const auto& trusting = options_.helper_listens;
        return std::find(trusting.begin(), trusting.end(), server.type) != trusting.end();
    }

    void list_listening(const Group& group, Server& server) const {
        const auto add = [&](const std::vector<Index>& processes) {
            for (const Index i : processes) {
                const auto& detail = at(i).detail;
                if (at(i).zombie() || !detail || !detail->listening) continue;
                for (const std::string& socket : *detail->listening) {
                    const auto& all = server.listening;  // An inherited socket is several processes'.
                    if (std::find(all.begin(), all.end(), socket) == all.end())
                        server.listening.push_back(socket);
                }
            }
        };
        add(group.chain);
        if (helpers_count(server)) add(group.helpers);
    }

    void find_standalone(const Group& group, Server& server) const {
        bool unknown = !group.has_server;  // Still being started (npm may wait 70 s): not to be told.
        const auto look = [&](Index i) {
            if (at(i).zombie()) return false;
            const auto& detail = at(i).detail;
            if (!detail || !detail->listening || !detail->main_of_unit) unknown = true;
            if (detail && detail->main_of_unit && !detail->main_of_unit->empty()) {
                server.standalone = true;
                server.unit_main = true;
                server.standalone_why = "main process of " + *detail->main_of_unit;
                return true;
            }
            if (detail && detail->listening && !detail->listening->empty()) {
                server.standalone = true;
                server.standalone_why = "listens on " + detail->listening->front();
            }
            return false;
        };
        for (const Index i : group.chain) {
            if (look(i)) return;
        }
        if (server.standalone) return;
        if (helpers_count(server)) {
            for (const Index i : group.helpers) {
                if (look(i) || server.standalone) return;
            }
        }
        if (unknown) {
            server.standalone_why = group.has_server ? "its sockets may not be looked at"
                                                     : "its server process has not been started yet";
            return;
        }
        server.standalone = false;
        server.standalone_why = "listens nowhere and is no unit's main process";
    }

    [[nodiscard]] Client client_from(Index i, Client::Source source) const {
        const Classification& what = classified_[i];
        Client client;
        client.pid = at(i).id.pid;
        client.id = at(i).id;
        client.alive = true;
        client.source = source;
        client.known = what.role == Role::client;
        const bool has_program = what.undecided || names_a_server(what);
        client.name = client.known ? what.type : has_program ? what.command.program : at(i).comm;
        if (names_a_server(what)) client.name = what.type;
        return client;
    }

    [[nodiscard]] std::optional<Client> find_client(const Group& group, const Server& server) const {
        const auto member = [&](Index i) { return has_member(server, at(i).id); };
        const std::optional<Index> ancestor = ancestor_client(tree_, classified_, group.top(), member);
        if (server.in.maker) {
            const std::optional<Index> maker = tree_.find(*server.in.maker);
            const bool same =
                maker && !at(*maker).zombie() && at(*maker).id.start <= at(group.top()).id.start;
            if (same && !member(*maker)) {
                if (adopts_orphans(at(*maker)) || is_shell(at(*maker)) || is_session_root(at(*maker))) {
                    return ancestor ? std::optional(client_from(*ancestor, Client::Source::ancestry))
                                    : std::nullopt;
                }
                return client_from(*maker, Client::Source::socket);
            }
            if (!same && *server.in.maker > 0) {
                // Its maker is gone. Somebody above may have taken the channel over; only a known client
                // that still holds it is believed.
                const bool taken_over = ancestor && server.channel == Channel::open &&
                                        classified_[*ancestor].role == Role::client;
                if (!taken_over)
                    return Client{*server.in.maker, {}, {}, false, false, Client::Source::socket};
            }
        }
        if (ancestor) return client_from(*ancestor, Client::Source::ancestry);
        return std::nullopt;
    }

    void measure(const Group& group, Server& server) const {
        Usage& usage = server.usage;
        Ticks oldest = at(group.top()).id.start;
        Ticks spent{0};
        for (const Member& member : server.members) {
            const Process& process = at(*tree_.find(member.id.pid));
            if (process.zombie()) continue;
            ++usage.processes;
            usage.threads += process.threads;
            usage.resident += process.resident;
            usage.cpu_time += process.cpu_time;
            oldest = std::min(oldest, process.id.start);
            if (process.detail && process.detail->anonymous) {
                usage.memory += *process.detail->anonymous + process.detail->swapped.value_or(Bytes{});
            } else {
                usage.memory += process.resident;
                usage.memory_is_complete = false;
            }
            const auto before = cpu_before_.find(process.id);
            const Ticks since = before == cpu_before_.end() ? Ticks{0} : before->second;
            spent += std::max(process.cpu_time - since, Ticks{0});
        }
        usage.age = std::max(std::chrono::seconds{0},
                             std::chrono::floor<std::chrono::seconds>(sample_.since_boot - oldest));
        if (window_.count() > 0) {
            const double share =
                std::chrono::duration<double>(spent) / std::chrono::duration<double>(window_);
            usage.cpu = CpuPercent{share * 100.0};
        }
    }

    const Sample& sample_;
    ProcessTree tree_;
    const AssembleOptions& options_;
    Classifications classified_;
    std::vector<Remainder> remainders_;
    std::unordered_map<ProcessId, Ticks> cpu_before_;
    std::chrono::milliseconds window_{0};
};

}  // namespace

Classification classify_process(const Process& process, const classify::Classifier& classifier) {
    if (process.kernel_thread) return {};
    if (process.zombie()) {
        // Only its comm is left of it; where that is a server's own name it is worth telling.
        Classification what = classifier.classify(classify::CommandLine::from_text(process.comm));
        return what.role == Role::server ? what : Classification{};
    }
    classify::Surroundings surroundings;
    if (process.detail) surroundings = {process.detail->exe, process.detail->cwd};
    return classifier.classify(classify::CommandLine::from_proc(process.cmdline), surroundings);
}

Snapshot assemble(const Sample& sample, const classify::Classifier& classifier, const Sample* previous,
                  const AssembleOptions& options, const Memory* memory) {
    return Assembler(sample, classifier, previous, options, memory).run();
}

}  // namespace reaper::scan
