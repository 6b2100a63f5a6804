// mcp-reaper daemon: watches this host and does what the policy says, until it is told to end.
#include "daemon/daemon.h"

#include "cli/command.h"
#include "cli/output.h"
#include "cli/policy_option.h"

namespace reaper::cli {
namespace {

ExitCode run(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits) {
        return usage_error("daemon", fits.error());
    }
    daemon::DaemonOptions options;
    options.policy = arguments.value("policy");
    options.version = REAPER_VERSION;
    options.say = [](const std::string& text) { remark(text); };
    const auto ended = daemon::run_daemon(options);
    if (ended) return ExitCode::ok;
    if (!ended.error().policy.empty()) {
        complain(ended.error().policy);
        return ExitCode::usage;
    }
    return failure(ended.error().error);
}

}  // namespace

Command daemon_command() {
    Page page;
    page.name = "daemon";
    page.summary = "watch this host and do what the policy says";
    page.usage = {"mcp-reaper daemon [OPTION]..."};
    page.description = {
        "Looks at every MCP server again and again, and ends, throttles or freezes what the policy asks "
        "for, by the same rules of safety as every other command. It stays in the foreground and is "
        "meant to be run by systemd (mcp-reaper.service); as an ordinary user it governs that user's "
        "servers.",
        "Saving the policy file is enough to change what it does: it is in force within a second or, "
        "where it has mistakes, refused, and the last good one stays. SIGHUP and mcp-reaper reload do "
        "the "
        "same.",
        "SIGTERM ends it in order: what has been begun is finished, what it has frozen or throttled is "
        "released. While it runs it is the only one that acts; kill, throttle, freeze, release and scan "
        "go through it."};
    page.options = {policy_option()};
    page.sections = {{"Environment",
                      {"RUNTIME_DIRECTORY  Where its socket, its lock and the undo journal are (root: "
                       "/run/mcp-reaper).",
                       "STATE_DIRECTORY  Where the history and the last good policy are (root: "
                       "/var/lib/mcp-reaper).",
                       "NOTIFY_SOCKET, WATCHDOG_USEC  Set by systemd for a service of Type=notify."}}};
    page.examples = {{"sudo systemctl enable --now mcp-reaper", "As a service, from now on."},
                     {"sudo mcp-reaper daemon --policy strict.yaml", "In this terminal, until Ctrl-C."}};
    page.exit_codes = {"0  It was told to end, and did.",
                       "1  It cannot run: another one does, or the host cannot be read.",
                       "2  Wrong use, or the policy has mistakes and there is no last good one."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
