// mcp-reaper kill: ends servers named by hand.
#include "cli/command.h"
#include "cli/hand.h"

namespace reaper::cli {
namespace {

ExitCode run(const Arguments& arguments) {
    return act_by_hand("kill", arguments, enforce::Deed::terminate,
                       [](enforce::Order&) -> Parsed<void> { return {}; });
}

}  // namespace

Command kill_command() {
    Page page;
    page.name = "kill";
    page.summary = "end servers by hand, whole and verified";
    page.usage = {"mcp-reaper kill SERVER|PID... [OPTION]..."};
    page.description = {
        "Ends the servers that these processes are part of: each with its launchers, helpers and "
        "browsers, by "
        "SIGTERM first and SIGKILL after the policy's grace time. It is over when nothing of it is "
        "left.",
        "A server is named by one of its pids, or by its id as scan --format json shows it: 4711@79231 "
        "is "
        "process 4711 that was started 79231 clock ticks after boot, and never another one that got the "
        "same number.",
        "The safety rules hold here too: a client, a terminal multiplexer, a systemd unit's main "
        "process, a "
        "container's launcher and another user's server are not ended, and a server that is in use only "
        "with --even-in-use. A refusal says why, and what would help. The policy's budget counts these "
        "servers with all others.",
        "Where the daemon runs it is the only one that acts: it is told, and does it by its own "
        "policy."};
    page.options = hand_options();
    page.examples = {{"mcp-reaper kill 4711", "The server that process 4711 is part of."},
                     {"sudo mcp-reaper kill --yes 4711@79231 4899", "Two servers, from a script."}};
    page.exit_codes = hand_exit_codes();
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
