// mcp-reaper scan: what runs on this host, and what the policy would do about it.
#include <algorithm>
#include <set>

#include "cli/command.h"
#include "cli/examination.h"
#include "cli/output.h"
#include "cli/policy_source.h"
#include "cli/selection.h"
#include "cli/terminal.h"
#include "cli/users.h"
#include "report/scan_report.h"

namespace reaper::cli {
namespace {

struct ScanOptions {
    std::optional<std::string> policy;
    std::chrono::milliseconds window{0};
    bool json = false;
    bool exit_code = false;
    Selection selection;
};

Parsed<ScanOptions> read_options(const Arguments& arguments) {
    ScanOptions options;
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits)
        return tl::unexpected(fits.error());
    const auto window =
        arguments.duration("window", kDefaultWindow, std::chrono::milliseconds(0), kLongestWindow);
    if (!window) return tl::unexpected(window.error());
    const auto format = arguments.choice("format", {"table", "json"});
    if (!format) return tl::unexpected(format.error());
    if (const auto user = arguments.value("user")) {
        options.selection.user = user_id(*user);
        if (!options.selection.user) {
            return tl::unexpected(UsageError{"--user: there is no user '" + *user + "' on this host"});
        }
    }
    options.policy = arguments.value("policy");
    options.window = *window;
    options.json = *format == "json";
    options.exit_code = arguments.has("exit-code");
    options.selection.types = arguments.values("type");
    return options;
}

/// A misspelt type would show an empty host, which is good news: say that it is none.
void remark_on_unknown_types(const std::vector<std::string>& asked, const policy::Policy& policy,
                             const scan::Snapshot& snapshot) {
    std::set<std::string> known;
    for (const policy::ServerType& type : policy.servers) known.insert(type.type);
    for (const scan::Server& server : snapshot.servers) known.insert(server.type);
    for (const std::string& type : asked) {
        if (known.contains(type)) continue;
        complain("no server type '" + type + "' is named by the policy or seen on this host" +
                 did_you_mean(type, {known.begin(), known.end()}));
    }
}

ExitCode run(const Arguments& arguments) {
    const Parsed<ScanOptions> options = read_options(arguments);
    if (!options) return usage_error("scan", options.error());
    if (!arguments.has("dry-run")) {
        return usage_error("scan", {"this version only shows what would be done, it ends nothing yet: "
                                    "use scan --dry-run"});
    }
    const std::optional<ChosenPolicy> policy = choose_policy(options->policy);
    if (!policy) return ExitCode::usage;
    Result<Examination> host = examine_host(*policy, options->window, scan::Depth::servers);
    if (!host) return failure(host.error());

    remark_on_unknown_types(options->selection.types, policy->loaded.policy, host->snapshot);
    narrow(host->snapshot, host->plan, options->selection);

    report::ScanContext context;
    context.policy = policy->name;
    context.mode = policy->loaded.policy.mode;
    context.one_sample = options->window.count() == 0;
    context.users = host->users;
    const bool finds =
        std::any_of(host->plan.verdicts.begin(), host->plan.verdicts.end(),
                    [](const policy::Verdict& verdict) { return !verdict.findings.empty(); });
    return print(options->json ? report::to_json(host->snapshot, host->plan, context)
                               : report::to_table(host->snapshot, host->plan, context, table_options()),
                 finds && options->exit_code ? ExitCode::findings : ExitCode::ok);
}

}  // namespace

Command scan_command() {
    Page page;
    page.name = "scan";
    page.summary = "find every MCP server on this host and judge it by the policy";
    page.usage = {"mcp-reaper scan --dry-run [OPTION]..."};
    page.description = {
        "Finds every MCP server on this host, tells whose it is and what it uses, and shows which rules "
        "of "
        "the policy it breaks, what would be done about that and why. Nothing is signalled, stopped or "
        "changed.",
        "One line a server comes first, then what would be done, then the totals. A server is its "
        "launcher "
        "chain (npx, sh), the server process and all that these have started: one line, however many "
        "processes.",
        "Findings that must last before a rule acts (an orphan for 30 seconds, say) are shown as "
        "pending, "
        "with the time they still have to be seen.",
        "An ordinary user sees the evidence of their own servers only; what may not be looked at is "
        "'unknown', and unknown means keep. Root sees everything."};
    page.options = {
        {"dry-run", 0, "", "Only show. Required in this version, which does not act yet."},
        policy_option(),
        window_option(),
        {"format", 0, "FORMAT",
         "'table' for people (the default) or 'json' for programs "
         "(docs/scan-json.md describes it)."},
        {"type", 0, "TYPE",
         "Show only servers of this type. May be given several times. Servers are still "
         "judged together with all others, as duplicates must be.",
         true},
        {"user", 0, "USER", "Show only the servers of this user, a name or a number."},
        {"exit-code", 0, "", "Return 3 when a server shown breaks a rule, also where that is pending."}};
    page.sections = {
        {"Environment",
         {"NO_COLOR  If set and not empty, the table has no colours. Without a terminal it has "
          "none anyway.",
          "COLUMNS  The width of the table where it does not go to a terminal."}}};
    page.examples = {
        {"mcp-reaper scan --dry-run", "The servers on this host and what would be done."},
        {"mcp-reaper scan --dry-run --type playwright --type puppeteer",
         "Only the two kinds that bring a browser."},
        {"mcp-reaper scan --dry-run --format json | jq '.plan'", "The plan for a program."},
        {"mcp-reaper scan --dry-run --policy strict.yaml --exit-code >/dev/null || echo leaks",
         "A check for a script."}};
    page.exit_codes = {"0  The report was written.",
                       "1  The host could not be read, or the report not written.",
                       "2  Wrong use, or the policy has mistakes; nothing was scanned.",
                       "3  With --exit-code: a server breaks a rule."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
