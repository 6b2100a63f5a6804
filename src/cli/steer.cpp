// mcp-reaper reload, pause and resume: what a running daemon is told.
#include <chrono>

#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/output.h"
#include "daemon/status.h"
#include "report/redact.h"

namespace reaper::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Loading a policy of a thousand patterns takes a moment, and so may a look that is under way.
constexpr seconds kPatience{30};
constexpr milliseconds kLongestPause = std::chrono::hours(24 * 7);

/// Each of the three is answered with the daemon's status afterwards.
std::optional<daemon::Status> told(const std::string& target, std::string body = "") {
    const auto answer =
        ask_daemon({.method = "POST", .target = target, .body = std::move(body), .patience = kPatience});
    if (!answer) return std::nullopt;
    const auto status = daemon::status_from_json(*answer);
    if (!status) {
        failure(status.error());
        return std::nullopt;
    }
    return *status;
}

ExitCode run_reload(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits)
        return usage_error("reload", fits.error());
    const auto status = told("/reload");
    if (!status) return ExitCode::failed;
    return print("In force: " + report::printable(status->policy.name) + "\n");
}

ExitCode run_pause(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits)
        return usage_error("pause", fits.error());
    const auto time = arguments.duration("for", {}, seconds(1), kLongestPause);
    if (!time) return usage_error("pause", time.error());
    std::string body;
    if (arguments.has("for")) {
        // Rounded up: a pause must not be shorter than asked for.
        body = "{\"seconds\":" + std::to_string(std::chrono::ceil<seconds>(*time).count()) + "}";
    }
    if (!told("/pause", body)) return ExitCode::failed;
    return print(arguments.has("for") ? "Paused for " + duration_text(*time) + ".\n"
                                      : "Paused until: mcp-reaper resume\n");
}

ExitCode run_resume(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits)
        return usage_error("resume", fits.error());
    if (!told("/resume")) return ExitCode::failed;
    return print("Resumed.\n");
}

std::vector<std::string> exit_codes() {
    return {"0  It is done.", "1  It is not: no daemon is running, or it refuses and says why.",
            "2  Wrong use."};
}

}  // namespace

Command reload_command() {
    Page page;
    page.name = "reload";
    page.summary = "let the daemon load its policy anew";
    page.usage = {"mcp-reaper reload"};
    page.description = {
        "Loads the policy anew, completely or not at all: where it has a mistake that is shown, and the "
        "one before stays in force. A policy that is edited is loaded by itself within a second; this "
        "tells what came of it."};
    page.examples = {{"sudo mcp-reaper reload", "Root's daemon."}};
    page.exit_codes = exit_codes();
    return {std::move(page), run_reload, {}};
}

Command pause_command() {
    Page page;
    page.name = "pause";
    page.summary = "let the daemon do nothing by itself for a while";
    page.usage = {"mcp-reaper pause [--for TIME]"};
    page.description = {
        "The daemon goes on looking, judging and telling, but ends, throttles and freezes nothing by "
        "itself. What is done by hand is done. What it had throttled or frozen stays so until its "
        "finding clears.",
        "A restart of the daemon goes on with it; a reboot of the host ends it."};
    page.options = {{"for", 0, "TIME", "For so long: 1s to 7d. Without it until mcp-reaper resume."}};
    page.examples = {{"mcp-reaper pause --for 1h", "While something is tried out."}};
    page.exit_codes = exit_codes();
    return {std::move(page), run_pause, {}};
}

Command resume_command() {
    Page page;
    page.name = "resume";
    page.summary = "end a pause of the daemon";
    page.usage = {"mcp-reaper resume"};
    page.description = {"The daemon acts by its policy again, from its next look on."};
    page.examples = {{"mcp-reaper resume", "End of the pause."}};
    page.exit_codes = exit_codes();
    return {std::move(page), run_resume, {}};
}

}  // namespace reaper::cli
