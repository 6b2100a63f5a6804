// mcp-reaper completion: scripts for shells, and the words that these ask for while a line is typed.
#include <set>

#include "cli/command.h"
#include "cli/completion_words.h"
#include "cli/dispatch.h"
#include "cli/examination.h"
#include "cli/output.h"
#include "cli/policy_option.h"
#include "report/judged_servers.h"
#include "report/redact.h"

namespace reaper::cli {
namespace {

/// A line for each server: its pid, a tab, what it is. One sample, no rates: some 20 ms on a desktop.
ExitCode print_servers() {
    const std::optional<ChosenPolicy> policy = choose_policy(std::nullopt);
    if (!policy) return ExitCode::usage;
    const auto host = examine_host(*policy, std::chrono::milliseconds(0), scan::Depth::servers);
    if (!host) return failure(host.error());
    std::vector<report::JudgedServer> servers = report::judged(host->snapshot, host->plan);
    report::sort_worst_first(servers);
    std::string lines;
    for (const auto& [server, verdict] : servers) {
        lines += std::to_string(server->id.pid) + '\t' + report::printable(server->type) + ", " +
                 std::string(policy::to_string(verdict->status)) + ", client " +
                 report::client_cell(*server) + '\n';
    }
    return print(lines);
}

/// The types that the policy names.
ExitCode print_types() {
    const std::optional<ChosenPolicy> policy = choose_policy(std::nullopt);
    if (!policy) return ExitCode::usage;
    std::set<std::string> types;
    for (const policy::ServerType& type : policy->loaded.policy.servers) types.insert(type.type);
    std::string lines;
    for (const std::string& type : types) lines += type + '\n';
    return print(lines);
}

ExitCode run(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(1, 1, "the shell"); !fits)
        return usage_error("completion", fits.error());
    const std::string& what = arguments.operands().front();
    if (what == "bash") return print(bash_completion(completed_commands(program())));
    if (what == "zsh") return print(zsh_completion(completed_commands(program())));
    if (what == "fish") return print(fish_completion(completed_commands(program())));
    if (what == "servers") return print_servers();
    if (what == "types") return print_types();
    return usage_error("completion",
                       {"there is no completion for '" + report::printable(what, 80) + "'" +
                        did_you_mean(what, {"bash", "zsh", "fish", "servers", "types"})});
}

}  // namespace

Command completion_command() {
    Page page;
    page.name = "completion";
    page.summary = "print what completes command lines in a shell";
    page.usage = {"mcp-reaper completion bash|zsh|fish|servers|types"};
    page.description = {
        "Prints the script that completes mcp-reaper's commands, options and their values in bash, zsh "
        "or "
        "fish. An installed mcp-reaper has put them where the shells look; this is for other places.",
        "'servers' and 'types' are what these scripts ask while a line is typed: the servers that run "
        "now "
        "(a pid and a description a line), and the types that the policy names."};
    page.examples = {{"source <(mcp-reaper completion bash)", "In this bash, from now on."},
                     {"mcp-reaper completion fish > ~/.config/fish/completions/mcp-reaper.fish",
                      "For one user's fish."}};
    page.exit_codes = {"0  It was printed.", "1  The host could not be read.",
                       "2  Wrong use, or the policy has mistakes."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
