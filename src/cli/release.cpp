// mcp-reaper release: thaws and lifts what freeze, throttle and scan have done.
#include <algorithm>

#include "cli/acting.h"
#include "cli/command.h"
#include "cli/named_process.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "cli/via_daemon.h"
#include "pass/interrupts.h"
#include "policy/wording.h"
#include "report/judged_servers.h"
#include "report/text_writer.h"
#include "scan/assemble.h"
#include "scan/scanner.h"

namespace reaper::cli {
namespace {

using Entries = std::vector<enforce::UndoEntry>;

/// Of the servers on this host the one that a process belongs to: a pid of any of its processes will do.
std::optional<ProcessId> server_with(pid_t pid, const ChosenPolicy& policy) {
    const auto sample = scan::read_host(policy.loaded.classifier, scan::Depth::servers);
    if (!sample) return std::nullopt;
    const auto snapshot = scan::assemble(*sample, policy.loaded.classifier, nullptr,
                                         assemble_options(policy.loaded.policy));
    for (const scan::Server& server : snapshot.servers) {
        for (const scan::Member& member : server.members) {
            if (member.id.pid == pid) return server.id;
        }
    }
    return std::nullopt;
}

const enforce::UndoEntry* find_entry(const Entries& held, const NamedProcess& named,
                                     const ChosenPolicy& policy) {
    const auto with = [&](const auto& fits) -> const enforce::UndoEntry* {
        const auto found = std::find_if(held.begin(), held.end(), fits);
        return found == held.end() ? nullptr : &*found;
    };
    if (named.id) return with([&](const auto& entry) { return entry.server == *named.id; });
    if (const auto* entry = with([&](const auto& one) { return one.server.pid == named.pid; }))
        return entry;
    const auto server = server_with(named.pid, policy);
    return server ? with([&](const auto& entry) { return entry.server == *server; }) : nullptr;
}

/// Nothing, after a complaint, where a word names none.
std::optional<Entries> named_entries(const Arguments& arguments, const Entries& held,
                                     const ChosenPolicy& policy) {
    if (arguments.has("all")) return held;
    Entries entries;
    for (const std::string& word : arguments.operands()) {
        const auto* entry = find_entry(held, *parse_process(word), policy);
        if (entry == nullptr) {
            complain(word + " is not frozen or throttled by mcp-reaper");
            return std::nullopt;
        }
        if (std::find(entries.begin(), entries.end(), *entry) == entries.end())
            entries.push_back(*entry);
    }
    return entries;
}

Parsed<void> check(const Arguments& arguments) {
    constexpr std::size_t kMost = 10'000;
    if (arguments.has("all")) return arguments.expect_operands(0, 0, "");
    if (const auto fits = arguments.expect_operands(1, kMost, "the server (or --all)"); !fits)
        return fits;
    for (const std::string& word : arguments.operands()) {
        if (const auto named = parse_process(word); !named) return tl::unexpected(named.error());
    }
    return {};
}

ExitCode tell(const std::vector<report::Done>& done) {
    if (done.empty()) return print("Nothing is frozen or throttled by mcp-reaper.\n");
    report::TextWriter out(table_options());
    for (const report::Done& one : done) report::tell_outcome(one, out);
    const bool all = std::all_of(done.begin(), done.end(), [](const report::Done& one) {
        return enforce::succeeded(one.outcome.effect);
    });
    return print(out.take(), all ? ExitCode::ok : ExitCode::failed);
}

/// `done`: what root's daemon has released already.
ExitCode release_ourselves(const Arguments& arguments, const pass::Interrupts& interrupts,
                           std::vector<report::Done> done) {
    const std::optional<ChosenPolicy> policy = choose_policy(arguments.value("policy"));
    if (!policy) return ExitCode::usage;
    auto acting = prepare_acting(*policy, interrupts);
    if (!acting) return failure(acting.error());
    const std::optional<Entries> entries = named_entries(arguments, (*acting)->held(), *policy);
    if (!entries) return ExitCode::failed;
    for (const enforce::UndoEntry& entry : *entries)
        done.push_back((*acting)->release(entry, enforce::Origin::hand));
    return tell(done);
}

ExitCode run(const Arguments& arguments) {
    if (const auto fits = check(arguments); !fits) return usage_error("release", fits.error());
    const Result<pass::Interrupts> interrupts = pass::Interrupts::block();
    if (!interrupts) return failure(interrupts.error());
    const auto by_daemon = released_by_daemon(arguments, *interrupts);
    if (!by_daemon) return release_ourselves(arguments, *interrupts, {});
    if (!*by_daemon) return by_daemon->error();
    const bool through = !(*by_daemon)->ours_too || ((*by_daemon)->all && !arguments.has("all"));
    return through ? tell((*by_daemon)->done)
                   : release_ourselves(arguments, *interrupts, (*by_daemon)->done);
}

}  // namespace

Command release_command() {
    Page page;
    page.name = "release";
    page.summary = "let frozen and throttled servers go on";
    page.usage = {"mcp-reaper release SERVER|PID... [OPTION]...",
                  "mcp-reaper release --all [OPTION]..."};
    page.description = {
        "Thaws the servers and lifts the limits that mcp-reaper has put on them. Their processes stay "
        "in the "
        "cgroup that was made for them, which goes when they end: nothing is moved back.",
        "Whatever a run that was ended in the middle has left half done is released at the start of "
        "every "
        "command that acts, this one too. Where the daemon runs it is told to release them."};
    page.options = {{"all", 0, "", "Every server that mcp-reaper has frozen or throttled."},
                    policy_option()};
    page.examples = {
        {"sudo mcp-reaper release 4711", "The server that process 4711 is part of."},
        {"sudo mcp-reaper release --all", "Everything, for instance before removing mcp-reaper."}};
    page.exit_codes = {"0  They are released, or have ended.", "1  One is not: the report says why.",
                       "2  Wrong use, or the policy has mistakes; nothing was done."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
