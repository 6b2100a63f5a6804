// mcp-reaper explain: how one process is seen, with all the evidence.
#include "cli/command.h"
#include "cli/examination.h"
#include "cli/named_process.h"
#include "cli/output.h"
#include "cli/policy_option.h"
#include "cli/terminal.h"
#include "report/explanation.h"

namespace reaper::cli {
namespace {

ExitCode run(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(1, 1, "the process to explain"); !fits) {
        return usage_error("explain", fits.error());
    }
    const Parsed<NamedProcess> named = parse_process(arguments.operands().front());
    if (!named) return usage_error("explain", named.error());
    const auto window =
        arguments.duration("window", kDefaultWindow, std::chrono::milliseconds(0), kLongestWindow);
    if (!window) return usage_error("explain", window.error());

    const std::optional<ChosenPolicy> policy = choose_policy(arguments.value("policy"));
    if (!policy) return ExitCode::usage;
    // Evidence of every process is read: the one that was asked for may be no candidate for a server.
    const Result<Examination> host = examine_host(*policy, *window, scan::Depth::recording);
    if (!host) return failure(host.error());
    if (const auto why = missing(*named, host->sample)) {
        complain(*why);
        return ExitCode::failed;
    }
    const report::ExplainInput input{host->sample, host->snapshot, host->plan, policy->loaded.policy,
                                     policy->loaded.classifier};
    return print(report::explain(input, named->pid, table_options()));
}

}  // namespace

Command explain_command() {
    Page page;
    page.name = "explain";
    page.summary = "show how one process is seen, with all the evidence";
    page.usage = {"mcp-reaper explain PID [OPTION]..."};
    page.description = {
        "Shows how the process is seen: its command line taken apart into launcher, program and "
        "arguments, "
        "the pattern that matched or the nearest that did not, the server it belongs to with its tree, "
        "every "
        "piece of evidence and where it came from, every limit against its value, and the verdict.",
        "PID is a process number, or the id of a server as scan --format json and recordings show it: "
        "4711@79231 is process 4711 that was started 79231 clock ticks after boot. With an id another "
        "process "
        "that got the same number is never explained by mistake."};
    page.options = {policy_option(), window_option()};
    page.examples = {{"mcp-reaper explain 4711", "Why process 4711 is, or is not, a leaked server."},
                     {"sudo mcp-reaper explain 4711 --window 10s",
                      "With all evidence, and the CPU rate over ten seconds."}};
    page.exit_codes = {"0  The process was explained.",
                       "1  There is no such process, or the host could not be read.",
                       "2  Wrong use, or the policy has mistakes."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
