#include "cli/hand.h"

#include <algorithm>

#include "cli/acting.h"
#include "cli/examination.h"
#include "cli/named_process.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "cli/via_daemon.h"
#include "pass/interrupts.h"
#include "report/humanize.h"
#include "report/judged_servers.h"
#include "report/redact.h"
#include "report/text_writer.h"

namespace reaper::cli {
namespace {

using Servers = std::vector<scan::Server>;

bool has_process(const scan::Server& server, pid_t pid) {
    return std::any_of(server.members.begin(), server.members.end(),
                       [&](const scan::Member& member) { return member.id.pid == pid; });
}

/// Why a process of the host is no server's: who reads that must not think it was overlooked.
std::string no_server(pid_t pid, const scan::Sample& sample) {
    const auto process = std::find_if(sample.processes.begin(), sample.processes.end(),
                                      [&](const scan::Process& one) { return one.id.pid == pid; });
    const std::string name =
        process == sample.processes.end() ? "" : " (" + report::printable(process->comm) + ")";
    return "process " + std::to_string(pid) + name +
           " is not part of an MCP server, and nothing else is touched; why: mcp-reaper explain " +
           std::to_string(pid);
}

/// The servers that are meant, each once; nothing, after complaints, where one is not found.
std::optional<Servers> named_servers(const Arguments& arguments, const Examination& host) {
    Servers servers;
    bool all = true;
    for (const std::string& word : arguments.operands()) {
        const Parsed<NamedProcess> named = parse_process(word);
        if (const auto why = missing(*named, host.sample)) {
            complain(*why);
            all = false;
            continue;
        }
        const auto found =
            std::find_if(host.snapshot.servers.begin(), host.snapshot.servers.end(),
                         [&](const scan::Server& server) { return has_process(server, named->pid); });
        if (found == host.snapshot.servers.end()) {
            complain(no_server(named->pid, host.sample));
            all = false;
            continue;
        }
        const bool twice = std::any_of(servers.begin(), servers.end(),
                                       [&](const scan::Server& one) { return one.id == found->id; });
        if (!twice) servers.push_back(*found);
    }
    if (!all) return std::nullopt;
    return servers;
}

Parsed<void> check_operands(const Arguments& arguments) {
    constexpr std::size_t kMost = 10'000;
    if (const auto fits = arguments.expect_operands(1, kMost, "the server"); !fits) return fits;
    for (const std::string& word : arguments.operands()) {
        if (const auto named = parse_process(word); !named) {
            return tl::unexpected(
                UsageError{named.error().what + "; a type is chosen with: mcp-reaper scan --type"});
        }
    }
    return {};
}

void show(const std::string& command, const Servers& servers) {
    report::TableOptions options = table_options();
    report::TextWriter out(options);
    for (const scan::Server& server : servers) {
        out.line(command + " " + report::name_of(server) + " (" +
                 report::counted(server.usage.processes, "process", "processes") + ", " +
                 report::human_bytes(server.usage.memory) + ", client " + report::client_cell(server) +
                 ", " + (server.in_use() ? "in use" : "not in use") + ")");
    }
    static_cast<void>(write_all(STDERR_FILENO, out.take(), "standard error"));
}

ExitCode tell(const std::vector<report::Done>& done) {
    report::TextWriter out(table_options());
    for (const report::Done& one : done) report::tell_outcome(one, out);
    // By hand nothing but success is success: who named a server wants to know.
    const bool all = std::all_of(done.begin(), done.end(), [](const report::Done& one) {
        return enforce::succeeded(one.outcome.effect);
    });
    return print(out.take(), all ? ExitCode::ok : ExitCode::failed);
}

}  // namespace

ExitCode act_by_hand(const std::string& command, const Arguments& arguments, enforce::Deed deed,
                     const std::function<Parsed<void>(enforce::Order&)>& complete) {
    if (const auto fits = check_operands(arguments); !fits) return usage_error(command, fits.error());
    const bool yes = arguments.has("yes");
    if (const auto nobody = nobody_to_ask(yes)) return usage_error(command, *nobody);
    enforce::Order pattern;
    pattern.deed = deed;
    pattern.origin = enforce::Origin::hand;
    pattern.reasons = {"by hand"};
    pattern.even_in_use = arguments.has("even-in-use");
    if (const auto completed = complete(pattern); !completed)
        return usage_error(command, completed.error());

    const std::optional<ChosenPolicy> policy = choose_policy(arguments.value("policy"));
    if (!policy) return ExitCode::usage;
    const Result<pass::Interrupts> interrupts = pass::Interrupts::block();
    if (!interrupts) return failure(interrupts.error());
    const Result<Examination> host =
        examine_host(*policy, std::chrono::milliseconds(0), scan::Depth::servers);
    if (!host) return failure(host.error());
    const std::optional<Servers> servers = named_servers(arguments, *host);
    if (!servers) return ExitCode::failed;

    if (!yes) show(command, *servers);
    if (!confirmed("Sure?", yes, *interrupts)) {
        complain("nothing was done");
        return ExitCode::failed;
    }
    std::vector<enforce::Order> orders;
    for (const scan::Server& server : *servers) {
        orders.push_back(pattern);
        orders.back().server = server;
    }
    if (const auto done = done_by_daemon(orders, arguments.has("policy"), *interrupts))
        return *done ? tell(**done) : done->error();
    auto acting = prepare_acting(*policy, *interrupts);
    if (!acting) return failure(acting.error());
    return tell((*acting)->carry_out(orders, host->memory, host->users));
}

std::vector<Option> hand_options() {
    return {{"yes", 0, "", "Do not ask. Needed where there is no terminal to ask on."},
            {"even-in-use", 0, "",
             "Also a server that is in use: its client is connected, or it serves others. The client "
             "may not start it again."},
            policy_option()};
}

std::vector<std::string> hand_exit_codes() {
    return {"0  It is done for every server named.",
            "1  For one it is not: the report says why, and what would help.",
            "2  Wrong use, or the policy has mistakes; nothing was done."};
}

}  // namespace reaper::cli
