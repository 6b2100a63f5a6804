// mcp-reaper crashes: what is known of servers that failed under a guard.
#include <array>
#include <chrono>

#include "cli/command.h"
#include "cli/guard_files.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "guard/crash_report.h"
#include "pass/places.h"
#include "report/humanize.h"
#include "report/moment.h"
#include "report/redact.h"
#include "report/table_layout.h"
#include "report/text_writer.h"

namespace reaper::cli {
namespace {

using nlohmann::json;
using report::Align;

constexpr std::array<report::TableColumn, 6> kColumns = {{
    {"WHEN", Align::left},
    {"NAME", Align::left, 20, 8},
    {"PHASE", Align::left, 0, 0, 2},
    {"RAN", Align::right},
    {"WHAT", Align::left, 24, 16},
    {"ID", Align::left},
}};

std::string when(const json& report) {
    return report::local_time(WallTime(std::chrono::milliseconds(number_in(report, "at_ms"))));
}

std::string ran(const json& report) {
    const std::int64_t ms = number_in(report, "uptime_ms");
    if (ms < 10'000) return std::to_string(ms) + " ms";
    return report::short_duration(std::chrono::seconds(ms / 1000));
}

std::string to_table(const std::vector<GuardFile>& reports) {
    if (reports.empty()) return "No server has crashed under a guard.\n";
    std::vector<report::TableRow> rows;
    for (const auto& [name, report] : reports) {
        rows.push_back({{when(report), shown_text(report, "name"), shown_text(report, "phase"),
                         ran(report), shown_text(report, "what"), report::printable(name)}});
    }
    std::string text;
    for (const std::string& line : report::lay_out(kColumns, rows, table_options())) text += line;
    return text;
}

std::string command_of(const json& report) {
    std::string text;
    const auto found = report.find("command");
    if (found == report.end() || !found->is_array()) return "-";
    for (const json& word : *found) {
        if (word.is_string()) text += (text.empty() ? "" : " ") + word.get<std::string>();
    }
    return report::printable(text);
}

std::string told(const json& report) {
    report::TextWriter writer(table_options());
    writer.heading(shown_text(report, "name") + ": " + shown_text(report, "what"));
    writer.field("when", when(report) + ", after " + ran(report));
    writer.field("command", command_of(report));
    if (report.contains("usually")) writer.field("usually", shown_text(report, "usually"));
    writer.field("then", shown_text(report, "next"));
    writer.field("restarts", std::to_string(number_in(report, "restarts")) + " before");
    const auto kib =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_in(report, "peak_memory_kib")));
    writer.field("memory",
                 report::human_bytes(Bytes::from_kib(kib)) + ", the most that one process had");
    writer.field("CPU", std::to_string(number_in(report, "cpu_ms")) + " ms");
    writer.field("server", shown_text(report, "server") + ", guard " + shown_text(report, "guard"));
    writer.heading("The last it wrote to its standard error");
    const auto found = report.find("stderr");
    std::string errors = found != report.end() && found->is_string() ? found->get<std::string>() : "";
    for (std::size_t at = 0; at < errors.size();) {
        const std::size_t end = std::min(errors.find('\n', at), errors.size());
        writer.raw("  " + report::printable(errors.substr(at, end - at)) + '\n');
        at = end + 1;
    }
    if (errors.empty()) writer.line("nothing", 2);
    return writer.take();
}

ExitCode show_one(const std::vector<GuardFile>& reports, const std::string& id, bool as_json) {
    for (const auto& [name, report] : reports) {
        if (name != id) continue;
        return print(as_json ? report.dump(2, ' ', false, json::error_handler_t::replace) + '\n'
                             : told(report));
    }
    complain("there is no crash report '" + report::printable(id, 80) +
             "' (mcp-reaper crashes lists them)");
    return ExitCode::failed;
}

ExitCode run(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 1, "a report's id"); !fits)
        return usage_error("crashes", fits.error());
    const auto format = arguments.choice("format", {"table", "json"});
    if (!format) return usage_error("crashes", format.error());
    const Result<std::string> state = pass::our_places().state;
    if (!state) return failure(state.error());
    const auto reports = read_guard_files(guard::crashes_directory(*state));
    if (!reports) return failure(reports.error());
    const bool as_json = *format == "json";
    if (!arguments.operands().empty()) return show_one(*reports, arguments.operands().front(), as_json);
    if (!as_json) return print(to_table(*reports));
    json all = {{"crashes", json::array()}};
    for (const GuardFile& report : *reports) all["crashes"].push_back(report.content);
    return print(all.dump(2, ' ', false, json::error_handler_t::replace) + '\n');
}

}  // namespace

Command crashes_command() {
    Page page;
    page.name = "crashes";
    page.summary = "show the crash reports of servers that ran under a guard";
    page.usage = {"mcp-reaper crashes [ID] [OPTION]..."};
    page.description = {
        "Lists the last 50 times that a server failed under a guard (mcp-reaper run), the newest last: "
        "when, "
        "how long it had run, and how it ended. With an id: all that is known of that one, with the "
        "last "
        "it wrote to its standard error and what such an end usually means. Secrets are shown as ***."};
    page.options = {
        {"format", 0, "FORMAT",
         "'table' for people (the default) or 'json' for programs (docs/guard.md describes it)."}};
    page.sections = {
        {"Files",
         {"/var/lib/mcp-reaper/guard/crashes/  Root's.",
          "~/.local/state/mcp-reaper/guard/crashes/  A user's, or below $XDG_STATE_HOME."}}};
    page.examples = {{"mcp-reaper crashes", "What has failed lately."},
                     {"mcp-reaper crashes 1779624000123-4711", "All about one of them."}};
    page.exit_codes = {"0  They were shown, also where there are none.",
                       "1  They could not be read, or there is no such report.", "2  Wrong use."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
