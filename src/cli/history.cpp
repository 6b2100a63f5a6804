// mcp-reaper history: what was done, when, to what, on which evidence, with which outcome.
#include <charconv>
#include <set>

#include "base/clocks.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "pass/places.h"
#include "pass/users.h"
#include "report/history_report.h"

namespace reaper::cli {
namespace {

constexpr std::size_t kUsualLimit = 100;
constexpr std::chrono::hours kLongestSince{24 * 365 * 100};

struct HistoryOptions {
    report::HistoryQuery query;
    bool json = false;
};

template <typename T>
Parsed<std::optional<T>> number(const Arguments& arguments, const std::string& option,
                                const char* what) {
    const auto text = arguments.value(option);
    if (!text) return std::optional<T>();
    T value = 0;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), value);
    if (read.ec != std::errc{} || read.ptr != text->data() + text->size() || value < 0) {
        return tl::unexpected(UsageError{"--" + option + ": '" + *text + "' is no " + what});
    }
    return std::optional<T>(value);
}

Parsed<HistoryOptions> read_options(const Arguments& arguments, WallTime now) {
    HistoryOptions options;
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits)
        return tl::unexpected(fits.error());
    const auto format = arguments.choice("format", {"table", "json"});
    if (!format) return tl::unexpected(format.error());
    options.json = *format == "json";
    const auto since = arguments.duration("since", {}, {}, kLongestSince);
    if (!since) return tl::unexpected(since.error());
    if (arguments.has("since")) options.query.since = now - *since;
    const auto server = number<pid_t>(arguments, "server", "pid");
    if (!server) return tl::unexpected(server.error());
    options.query.server = *server;
    const auto limit = number<int>(arguments, "limit", "number of actions");
    if (!limit) return tl::unexpected(limit.error());
    if (*limit) {
        if (**limit > 0) options.query.limit = static_cast<std::size_t>(**limit);
    } else if (!options.query.since) {
        options.query.limit = kUsualLimit;
    }
    options.query.types = arguments.values("type");
    return options;
}

policy::UserNames owners(const report::HistoryPage& page) {
    std::set<uid_t> uids;
    for (const report::HistoryRecord& record : page.records) uids.insert(record.uid);
    return pass::user_names(uids);
}

ExitCode run(const Arguments& arguments) {
    const WallTime now = wall_now();
    const Parsed<HistoryOptions> options = read_options(arguments, now);
    if (!options) return usage_error("history", options.error());
    const Result<std::string> state = pass::our_places().state;
    if (!state) return failure(state.error());

    report::HistoryContext context;
    context.file = pass::history_file(*state);
    context.narrowed = options->query.since || options->query.server || !options->query.types.empty();
    const auto page = report::read_history(context.file, options->query);
    if (!page) return failure(page.error());
    const report::HistoryPage known = page->value_or(report::HistoryPage{});
    if (options->json) {
        context.users = owners(known);
        return print(to_json(known, context));
    }
    return print(to_table(known, context, table_options()));
}

}  // namespace

Command history_command() {
    Page page;
    page.name = "history";
    page.summary = "show what was done, to what, on which evidence, and what it came to";
    page.usage = {"mcp-reaper history [OPTION]..."};
    page.description = {
        "Shows every action that was taken, by the policy's rules or by hand: when, on which server, "
        "why, "
        "and with which outcome; the newest last. Nothing is changed by looking.",
        "An action that is 'interrupted' was begun, and its outcome never recorded: mcp-reaper was "
        "killed "
        "in between, the host lost its power, or the disk was full. One that is 'under way' is being "
        "done "
        "now.",
        "Root and every user have a history of their own: what was done by root is in root's."};
    page.options = {
        {"since", 0, "TIME", "Only what was begun so long ago or later: 90s, 10m, 12h, 7d."},
        {"type", 0, "TYPE", "Only servers of this type. May be given several times.", true},
        {"server", 0, "PID", "Only the server with this pid, or with a process of it."},
        {"limit", 0, "N", "The newest N only; 0: all. Without it 100, and all with --since."},
        {"format", 0, "FORMAT",
         "'table' for people (the default) or 'json' for programs (docs/history.md describes it)."}};
    page.sections = {
        {"Files",
         {"/var/lib/mcp-reaper/history.db  Root's history.",
          "~/.local/state/mcp-reaper/history.db  A user's, or below $XDG_STATE_HOME."}},
        {"Environment", {"STATE_DIRECTORY  The directory of the history, in place of the above."}}};
    page.examples = {{"mcp-reaper history --since 1d", "What was done since yesterday."},
                     {"mcp-reaper history --type playwright", "What was done to one type of server."},
                     {"mcp-reaper history --format json | jq '.actions[] | select(.state != \"done\")'",
                      "Actions that were interrupted."}};
    page.exit_codes = {"0  The history was shown, also where nothing has been done yet.",
                       "1  It could not be read.", "2  Wrong use."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
