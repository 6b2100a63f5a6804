// mcp-reaper status: how the daemon is.
#include "daemon/status.h"

#include <chrono>

#include "base/clocks.h"
#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/output.h"
#include "cli/terminal.h"

namespace reaper::cli {
namespace {

ExitCode run(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits)
        return usage_error("status", fits.error());
    const auto format = arguments.choice("format", {"table", "json"});
    if (!format) return usage_error("status", format.error());
    const auto body = ask_daemon({.target = "/status"});
    if (!body) return ExitCode::failed;
    const auto status = daemon::status_from_json(*body);
    if (!status) return failure(status.error());
    const bool told_apart = arguments.has("exit-code") && !status->health.healthy;
    const ExitCode code = told_apart ? ExitCode::findings : ExitCode::ok;
    if (*format == "json" || arguments.has("json")) return print(*body, code);
    return print(daemon::to_table(*status, table_options(), wall_now()), code);
}

}  // namespace

Command status_command() {
    Page page;
    page.name = "status";
    page.summary = "show how the daemon is";
    page.usage = {"mcp-reaper status [OPTION]..."};
    page.description = {
        "Shows whether the daemon is healthy, and why not; which policy is in force, and why its last "
        "edit was refused where it was; how it learns what runs and how it cages; the servers by type "
        "and status; what it has done; and what it costs itself.",
        "Your own daemon is asked where one runs, else root's. From root's an ordinary user learns of "
        "their own servers only."};
    page.options = {
        {"format", 0, "FORMAT",
         "'table' for people (the default) or 'json' for programs (docs/control-api.md describes it)."},
        {"json", 0, "", "The same as --format json."},
        {"exit-code", 0, "", "Exit with 3 where the daemon is not healthy."}};
    page.examples = {{"mcp-reaper status", "Is it running, and is all well?"},
                     {"mcp-reaper status --json | jq .servers.by_type", "Servers by type."}};
    page.exit_codes = {"0  The daemon has answered.", "1  None is running, or it does not answer.",
                       "2  Wrong use.", "3  With --exit-code: it is not healthy."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
