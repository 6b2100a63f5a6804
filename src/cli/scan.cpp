// mcp-reaper scan: what runs on this host, what the policy would do about it, and, without --dry-run,
// that done.
#include <algorithm>
#include <set>

#include "cli/acting.h"
#include "cli/command.h"
#include "cli/examination.h"
#include "cli/named_process.h"
#include "cli/output.h"
#include "cli/policy_option.h"
#include "cli/status_line.h"
#include "cli/terminal.h"
#include "cli/via_daemon.h"
#include "cli/watch.h"
#include "enforce/orders.h"
#include "pass/holdings.h"
#include "pass/interrupts.h"
#include "pass/selection.h"
#include "pass/users.h"
#include "policy/wording.h"
#include "report/humanize.h"
#include "report/scan_report.h"

namespace reaper::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kUsualWatch = std::chrono::minutes(2);
/// A look that is older is repeated before anything is done.
constexpr milliseconds kFresh = std::chrono::seconds(5);
constexpr milliseconds kLongestWatch = std::chrono::hours(24);

struct ScanOptions {
    std::optional<std::string> policy;
    milliseconds window{0};
    milliseconds watch{0};
    bool dry_run = false;
    bool yes = false;
    bool json = false;
    bool exit_code = false;
    pass::Selection selection;
};

Parsed<pass::Selection> read_selection(const Arguments& arguments) {
    pass::Selection selection;
    if (const auto user = arguments.value("user")) {
        selection.user = pass::user_id(*user);
        if (!selection.user) {
            return tl::unexpected(UsageError{"--user: there is no user '" + *user + "' on this host"});
        }
    }
    for (const std::string& text : arguments.values("pid")) {
        const Parsed<NamedProcess> named = parse_process(text);
        if (!named) return tl::unexpected(UsageError{"--pid: " + named.error().what});
        selection.pids.push_back(named->pid);
    }
    std::vector<std::string> rules;
    for (const policy::Rule rule : policy::kRules) rules.emplace_back(policy::to_string(rule));
    for (const std::string& text : arguments.values("rule")) {
        const auto rule = policy::rule_from(text);
        if (!rule) {
            return tl::unexpected(
                UsageError{"--rule: there is no rule '" + text + "'" + did_you_mean(text, rules)});
        }
        selection.rules.push_back(*rule);
    }
    selection.types = arguments.values("type");
    return selection;
}

Parsed<ScanOptions> read_options(const Arguments& arguments) {
    ScanOptions options;
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits)
        return tl::unexpected(fits.error());
    const auto window = arguments.duration("window", kDefaultWindow, milliseconds(0), kLongestWindow);
    if (!window) return tl::unexpected(window.error());
    const auto watch = arguments.duration("watch", kUsualWatch, milliseconds(0), kLongestWatch);
    if (!watch) return tl::unexpected(watch.error());
    const auto format = arguments.choice("format", {"table", "json"});
    if (!format) return tl::unexpected(format.error());
    auto selection = read_selection(arguments);
    if (!selection) return tl::unexpected(selection.error());
    options.policy = arguments.value("policy");
    options.window = *window;
    options.watch = *watch;
    options.dry_run = arguments.has("dry-run");
    options.yes = arguments.has("yes");
    options.json = *format == "json";
    options.exit_code = arguments.has("exit-code");
    options.selection = std::move(*selection);
    if (options.dry_run && options.yes) {
        return tl::unexpected(UsageError{"--dry-run does nothing that --yes could agree to"});
    }
    if (options.json && !options.dry_run && !options.yes) {
        return tl::unexpected(UsageError{"--format json asks nobody: add --dry-run or --yes"});
    }
    if (!options.dry_run) {
        if (auto nobody = nobody_to_ask(options.yes)) {
            nobody->what += ", or --dry-run to only look";
            return tl::unexpected(*nobody);
        }
    }
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

report::ScanContext context_of(const ScanOptions& options, const ChosenPolicy& policy,
                               const Examination& host) {
    report::ScanContext context;
    context.policy = policy.name;
    context.mode = policy.loaded.policy.mode;
    context.one_sample = options.window.count() == 0;
    context.users = host.users;
    context.acts = !options.dry_run;
    return context;
}

bool has_findings(const Examination& host) {
    return std::any_of(host.plan.verdicts.begin(), host.plan.verdicts.end(),
                       [](const policy::Verdict& verdict) { return !verdict.findings.empty(); });
}

ExitCode show(const ScanOptions& options, const ChosenPolicy& policy) {
    Result<Examination> host = examine_host(policy, options.window, scan::Depth::servers);
    if (!host) return failure(host.error());
    remark_on_unknown_types(options.selection.types, policy.loaded.policy, host->snapshot);
    pass::narrow(host->snapshot, host->plan, options.selection);
    const report::ScanContext context = context_of(options, policy, *host);
    return print(options.json ? report::to_json(host->snapshot, host->plan, context)
                              : report::to_table(host->snapshot, host->plan, context, table_options()),
                 has_findings(*host) && options.exit_code ? ExitCode::findings : ExitCode::ok);
}

/// "End 3 servers?", "End 2 servers and throttle 1?"
std::string question(const std::vector<enforce::Order>& orders) {
    std::string text;
    for (const auto& [deed, word] :
         {std::pair{enforce::Deed::terminate, "end"}, std::pair{enforce::Deed::freeze, "freeze"},
          std::pair{enforce::Deed::throttle, "throttle"}}) {
        const auto count = static_cast<std::size_t>(
            std::count_if(orders.begin(), orders.end(),
                          [deed = deed](const enforce::Order& order) { return order.deed == deed; }));
        if (count == 0) continue;
        text += (text.empty() ? "" : " and ") + std::string(word) + ' ' +
                report::counted(count, "server", "servers");
    }
    if (!text.empty()) text.front() = static_cast<char>(text.front() - 'a' + 'A');
    return text + '?';
}

std::vector<report::Done> release_cleared(pass::Acting& acting, const Examination& host) {
    std::vector<report::Done> done;
    for (const enforce::UndoEntry& entry :
         pass::cleared(acting.held(), host.plan, pass::Extent::selection)) {
        done.push_back(acting.release(entry, enforce::Origin::rule));
    }
    return done;
}

ExitCode tell(const ScanOptions& options, const Examination& host, const report::ScanContext& context,
              const std::vector<report::Done>& done) {
    if (options.json) {
        return print(report::to_json(host.snapshot, host.plan, context, &done), exit_code_of(done));
    }
    if (done.empty()) return ExitCode::ok;
    report::TextWriter out(table_options());
    out.blank();
    out.line("Done:", 0, 0);
    for (const report::Done& one : done) report::tell_outcome(one, out);
    report::tell_outcomes(done, out);
    return print(out.take(), exit_code_of(done));
}

/// An answer that takes its time: what it is about is looked at once more, and only what is due then as
/// well is done.
Result<void> look_once_more(Watch& watch, const pass::Selection& selection, Examination& seen,
                            std::vector<enforce::Order>& orders) {
    if (pass::now() - watch.last_look() < kFresh) return {};
    Result<Examination> again = watch.look();
    if (!again) return tl::unexpected(again.error());
    pass::narrow(again->snapshot, again->plan, selection);
    std::vector<enforce::Order> due =
        enforce::orders_of(again->snapshot, again->plan, watch.policy().loaded.policy);
    std::erase_if(due, [&](const enforce::Order& order) {
        return std::none_of(orders.begin(), orders.end(), [&](const enforce::Order& before) {
            return before.server.id == order.server.id && before.deed == order.deed;
        });
    });
    if (due.size() < orders.size()) {
        remark("Of what was shown, " + report::counted(orders.size() - due.size(), "server", "servers") +
               " need nothing done any more.");
    }
    orders = std::move(due);
    seen = std::move(*again);
    return {};
}

ExitCode carry_out(const ScanOptions& options, Watch& watch, Examination seen,
                   std::vector<enforce::Order> orders, const pass::Interrupts& interrupts) {
    if (const auto looked = look_once_more(watch, options.selection, seen, orders); !looked)
        return failure(looked.error());
    std::vector<report::Done> done;
    if (auto by_daemon = done_by_daemon(orders, options.policy.has_value(), interrupts)) {
        if (!*by_daemon) return by_daemon->error();
        done = **std::move(by_daemon);
    } else {
        auto acting = prepare_acting(watch.policy(), interrupts);
        if (!acting) return failure(acting.error());
        done = release_cleared(**acting, seen);
        pass::drop_held(orders, (*acting)->held());
        for (report::Done& one : (*acting)->carry_out(orders, seen.memory, seen.users))
            done.push_back(std::move(one));
    }
    const ExitCode code = tell(options, seen, context_of(options, watch.policy(), seen), done);
    return code == ExitCode::ok && options.exit_code && has_findings(seen) ? ExitCode::findings : code;
}

ExitCode act(const ScanOptions& options, const ChosenPolicy& policy) {
    const Result<pass::Interrupts> interrupts = pass::Interrupts::block();
    if (!interrupts) return failure(interrupts.error());
    StatusLine line;
    WatchOptions watching{options.window, options.watch, {}};
    watching.progress = [&](const Examination& seen, std::chrono::seconds left) {
        line.draw("Watching " + report::counted(seen.plan.pending.size(), "server", "servers") + ": " +
                  policy::in_words(left) + " more before anything is done (Ctrl-C: do nothing)");
    };
    Watch watch(policy);
    auto host = watch_host(watch, options.selection, watching, *interrupts);
    line.erase();
    if (!host) return failure(host.error());
    if (!*host) {
        complain("interrupted; nothing was done");
        return ExitCode::failed;
    }
    Examination& seen = **host;
    remark_on_unknown_types(options.selection.types, policy.loaded.policy, seen.snapshot);
    pass::narrow(seen.snapshot, seen.plan, options.selection);
    const std::vector<enforce::Order> orders =
        enforce::orders_of(seen.snapshot, seen.plan, policy.loaded.policy);
    if (!options.json) {
        const auto shown = report::to_table(seen.snapshot, seen.plan, context_of(options, policy, seen),
                                            table_options());
        if (print(shown) != ExitCode::ok) return ExitCode::failed;
    }
    if (!orders.empty() && !confirmed(question(orders), options.yes, *interrupts)) {
        complain("nothing was done");
        return ExitCode::failed;
    }
    return carry_out(options, watch, std::move(seen), orders, *interrupts);
}

ExitCode run(const Arguments& arguments) {
    const Parsed<ScanOptions> options = read_options(arguments);
    if (!options) return usage_error("scan", options.error());
    const std::optional<ChosenPolicy> policy = choose_policy(options->policy);
    if (!policy) return ExitCode::usage;
    return options->dry_run ? show(*options, *policy) : act(*options, *policy);
}

}  // namespace

Command scan_command() {
    Page page;
    page.name = "scan";
    page.summary = "find every MCP server on this host, judge it by the policy, and act on that";
    page.usage = {"mcp-reaper scan [OPTION]...", "mcp-reaper scan --dry-run [OPTION]..."};
    page.description = {
        "Finds every MCP server on this host, tells whose it is and what it uses, shows which rules of "
        "the "
        "policy it breaks, what is to be done about that and why, asks, and does it. With --dry-run "
        "nothing "
        "is signalled, stopped or changed.",
        "One line a server comes first, then what is to be done, then the totals. A server is its "
        "launcher "
        "chain (npx, sh), the server process and all that these have started: one line, however many "
        "processes.",
        "Findings must last before a rule acts (an orphan for 30 seconds, say): the host is watched for "
        "as "
        "long as the rules of what was found ask for, and a rule that asks for more than --watch has to "
        "wait for another time. With --dry-run such findings are shown as pending, with the time they "
        "still have to be seen.",
        "Before a server's first signal all evidence about it is read once more. It is ended whole or "
        "not at "
        "all: SIGTERM first, SIGKILL after the policy's grace time, and it is over when nothing of it "
        "is "
        "left. What is done is recorded: see mcp-reaper history.",
        "Where the daemon runs it is the only one that acts: what is due is handed to it, and it does "
        "what "
        "its own policy agrees with.",
        "An ordinary user sees the evidence of their own servers only; what may not be looked at is "
        "'unknown', and unknown means keep. Root sees everything."};
    page.options = {
        {"dry-run", 0, "", "Only show."},
        {"yes", 0, "", "Do not ask. Needed where there is no terminal to ask on."},
        policy_option(),
        window_option(),
        {"watch", 0, "TIME",
         "Watch for at most this long (default 2m, at most 24h). With 0s only what needs not last is "
         "acted upon."},
        {"format", 0, "FORMAT",
         "'table' for people (the default) or 'json' for programs (docs/scan-json.md describes it)."},
        {"type", 0, "TYPE",
         "Only servers of this type. May be given several times. Servers are still judged together with "
         "all others, as duplicates must be.",
         true},
        {"rule", 0, "RULE", "Only what this rule asks for. May be given several times.", true},
        {"user", 0, "USER", "Only the servers of this user, a name or a number."},
        {"pid", 0, "PID", "Only the server that this process is part of. May be given several times.",
         true},
        {"exit-code", 0, "", "Return 3 when a server shown breaks a rule, also where that is pending."}};
    page.sections = {
        {"Environment",
         {"NO_COLOR  If set and not empty, the table has no colours. Without a terminal it has none "
          "anyway.",
          "COLUMNS  The width of the table where it does not go to a terminal."}}};
    page.examples = {
        {"mcp-reaper scan --dry-run", "The servers on this host and what would be done."},
        {"sudo mcp-reaper scan", "Watch, show, ask, and do it."},
        {"mcp-reaper scan --yes --rule orphan", "Only the leaked ones, from cron."},
        {"mcp-reaper scan --dry-run --type playwright --type puppeteer",
         "Only the two kinds that bring a browser."},
        {"mcp-reaper scan --dry-run --format json | jq '.plan'", "The plan for a program."},
        {"mcp-reaper scan --dry-run --policy strict.yaml --exit-code >/dev/null || echo leaks",
         "A check for a script."}};
    page.exit_codes = {"0  The report was written, and what was to be done is done.",
                       "1  The host could not be read, nobody agreed, or something was left undone.",
                       "2  Wrong use, or the policy has mistakes; nothing was scanned.",
                       "3  With --exit-code: a server breaks a rule."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
