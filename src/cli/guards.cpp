// mcp-reaper guards: what is guarded now.
#include <array>
#include <chrono>

#include "base/process_id.h"
#include "cli/command.h"
#include "cli/guard_files.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "guard/record.h"
#include "pass/places.h"
#include "report/humanize.h"
#include "report/table_layout.h"
#include "scan/process_dir.h"

namespace reaper::cli {
namespace {

using nlohmann::json;
using report::Align;
using report::Style;

constexpr std::array<report::TableColumn, 9> kColumns = {{
    {"PID", Align::right},
    {"NAME", Align::left, 20, 8},
    {"STATE", Align::left},
    {"UP", Align::right},
    {"SERVER", Align::right, 0, 0, 2},
    {"RESTARTS", Align::right},
    {"BREAKER", Align::left, 0, 0, 3},
    {"LATENCY", Align::right, 0, 0, 1},
    {"LAST CRASH", Align::left, 0, 0, 4},
}};
constexpr std::size_t kStateColumn = 2;

std::string since(std::int64_t wall_ms) {
    if (wall_ms == 0) return "-";
    const std::chrono::milliseconds span(std::max<std::int64_t>(0, guard::wall_ms() - wall_ms));
    return report::short_duration(std::chrono::duration_cast<std::chrono::seconds>(span));
}

std::string latency(const json& record) {
    const auto found = record.find("latency");
    if (found == record.end() || number_in(*found, "answers") == 0) return "-";
    const std::int64_t median = number_in(*found, "median_us");
    return median < 10'000 ? std::to_string(median) + " us" : std::to_string(median / 1000) + " ms";
}

Style style_of(const std::string& state) {
    if (state == "running") return Style::green;
    return state == "resting" || state == "refused" ? Style::red : Style::yellow;
}

report::TableRow row_of(ProcessId guard, const json& record) {
    const std::string state = shown_text(record, "state");
    return {{std::to_string(guard.pid), shown_text(record, "name"), state,
             since(number_in(record, "since_ms")), since(number_in(record, "server_since_ms")),
             std::to_string(number_in(record, "restarts")), shown_text(record, "breaker"),
             latency(record), shown_text(record, "last_crash")},
            kStateColumn,
            style_of(state)};
}

/// Those whose guard runs: a file of one that was killed says nothing.
Result<std::vector<GuardFile>> living_guards() {
    const pass::Places places = pass::our_places();
    const auto& place = places.runtime ? places.runtime : places.state;
    if (!place) return tl::unexpected(place.error());
    auto files = read_guard_files(guard::guards_directory(*place));
    if (!files) return files;
    std::erase_if(*files, [](const GuardFile& file) {
        const auto id = ProcessId::parse(file.name);
        return !id || !scan::ProcessDir::open(*id);
    });
    return files;
}

std::string to_table(const std::vector<GuardFile>& guards) {
    if (guards.empty()) return "No server runs under a guard (mcp-reaper run).\n";
    std::vector<report::TableRow> rows;
    for (const GuardFile& guard : guards)
        rows.push_back(row_of(*ProcessId::parse(guard.name), guard.content));
    std::string text;
    for (const std::string& line : report::lay_out(kColumns, rows, table_options())) text += line;
    return text;
}

ExitCode run(const Arguments& arguments) {
    if (const auto fits = arguments.expect_operands(0, 0, ""); !fits)
        return usage_error("guards", fits.error());
    const auto format = arguments.choice("format", {"table", "json"});
    if (!format) return usage_error("guards", format.error());
    const auto guards = living_guards();
    if (!guards) return failure(guards.error());
    if (*format == "table") return print(to_table(*guards));
    json all = {{"guards", json::array()}};
    for (const GuardFile& guard : *guards) all["guards"].push_back(guard.content);
    return print(all.dump(2, ' ', false, json::error_handler_t::replace) + '\n');
}

}  // namespace

Command guards_command() {
    Page page;
    page.name = "guards";
    page.summary = "show which servers run under a guard, and how they are";
    page.usage = {"mcp-reaper guards [OPTION]..."};
    page.description = {
        "Shows every guard of yours (mcp-reaper run): its state, how long it and the server's process "
        "have "
        "run, how often the server was started again, whether the breaker lets it be started, how long "
        "answers take (the median of the last 64), and the report of its last crash (mcp-reaper "
        "crashes).",
        "A guard is 'running'; 'restarting' after a crash; 'resting' where its server has failed too "
        "often; "
        "'parked' where its idle server was ended to make room, until it is asked something; 'waiting' "
        "for "
        "room at its start; 'refused' where the server is not started; 'ending'."};
    page.options = {
        {"format", 0, "FORMAT",
         "'table' for people (the default) or 'json' for programs (docs/guard.md describes it)."}};
    page.examples = {{"mcp-reaper guards", "What is guarded now."},
                     {"mcp-reaper guards --format json | jq '.guards[] | select(.restarts > 0)'",
                      "Those whose server has crashed."}};
    page.exit_codes = {"0  They were shown, also where there are none.", "1  They could not be read.",
                       "2  Wrong use."};
    return {std::move(page), run, {}};
}

}  // namespace reaper::cli
