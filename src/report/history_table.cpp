#include <fmt/format.h>

#include <ctime>

#include "report/history_report.h"
#include "report/humanize.h"
#include "report/moment.h"
#include "report/outcome_report.h"
#include "report/redact.h"
#include "report/table_layout.h"
#include "report/text_writer.h"

namespace reaper::report {
namespace {

using enforce::Deed;

constexpr std::array<TableColumn, 7> kHistoryColumns = {{
    {"WHEN", Align::left},
    {"ACTION", Align::left},
    {"TYPE", Align::left, 16, 4},
    {"CLIENT", Align::left, 12, 0, 3},
    {"PID", Align::right},
    {"OUTCOME", Align::left},
    {"TOOK", Align::right, 0, 0, 2},
}};
constexpr std::size_t kOutcomeColumn = 5;

/// "4 ms", "1.3 s", "2m 05s": from a signal to a grace time.
std::string took_text(std::chrono::microseconds took) {
    const double seconds = std::chrono::duration<double>(took).count();
    if (seconds < 0.0095) return fmt::format("{:.1f} ms", seconds * 1e3);
    if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1e3);
    if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
    return short_duration(std::chrono::duration_cast<std::chrono::seconds>(took));
}

std::string outcome_text(const HistoryRecord& record) {
    if (record.outcome) return std::string(enforce::to_string(record.outcome->effect));
    return record.under_way ? "under way" : "interrupted";
}

Style style_of(const HistoryRecord& record) {
    if (!record.outcome) return record.under_way ? Style::cyan : Style::bold_red;
    return report::style_of(record.outcome->effect);
}

std::string client_cell(const HistoryRecord& record) {
    if (!record.client_pid) return record.client.empty() ? "-" : record.client;
    return fmt::format("{}({})", record.client.empty() ? "gone" : record.client, *record.client_pid);
}

TableRow row_of(const HistoryRecord& record) {
    return {{local_time(record.at), std::string(enforce::to_string(record.deed)), record.type,
             client_cell(record), std::to_string(record.server.pid), outcome_text(record),
             record.outcome ? took_text(record.outcome->took) : "-"},
            kOutcomeColumn,
            style_of(record)};
}

void add(std::string& text, std::string_view part, std::string_view between = ", ") {
    if (part.empty()) return;
    if (!text.empty()) text += between;
    text += part;
}

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
    std::string all;
    for (const std::string& text : texts) add(all, text, between);
    return all;
}

/// "by rule orphan: both ends of its channel closed", "by hand".
std::string reasons_text(const HistoryRecord& record) {
    std::string text = record.origin == enforce::Origin::hand ? "by hand" : "by rule";
    if (!record.rules.empty()) text += ' ' + joined(record.rules, ", ");
    if (record.even_in_use) text += " (also in use)";
    const std::string reasons = joined(record.reasons, "; ");
    return reasons.empty() || reasons == text ? text : text + ": " + reasons;
}

std::string limits_text(const enforce::CageLimits& limits) {
    std::string text;
    if (limits.cpu) add(text, "at most " + human_cpu(limits.cpu) + " of a core");
    if (limits.cpu_weight) add(text, fmt::format("CPU weight {} beside 100", *limits.cpu_weight));
    if (limits.memory_max) add(text, "at most " + human_bytes(*limits.memory_max));
    if (limits.pids_max) add(text, fmt::format("at most {} tasks", *limits.pids_max));
    return text;
}

std::string result_text(const HistoryRecord& record) {
    if (!record.outcome) {
        return record.under_way
                   ? ""
                   : "no outcome was recorded: mcp-reaper ended, or could not write, before "
                     "it was known";
    }
    const RecordedOutcome& outcome = *record.outcome;
    std::string text = outcome.why;
    if (outcome.ended_count > 0) {
        add(text, counted(outcome.ended_count, "process", "processes") + " ended", "; ");
    }
    if (outcome.freed.value > 0) add(text, human_bytes(outcome.freed) + " freed");
    if (outcome.left_count > 0) {
        add(text, counted(outcome.left_count, "process is", "processes are") + " left", "; ");
        if (!outcome.left.empty()) text += fmt::format(" (pid {})", outcome.left.front().pid);
    }
    if (!outcome.remedy.empty()) add(text, outcome.remedy, "; ");
    return text;
}

void tell(const HistoryRecord& record, TextWriter& out) {
    constexpr std::size_t kIndent = 4;
    out.line(reasons_text(record), kIndent, 2);
    if (record.deed == Deed::throttle && !record.limits.none()) {
        out.line(limits_text(record.limits), kIndent, 2);
    }
    if (const std::string result = result_text(record); !result.empty()) out.line(result, kIndent, 2);
}

std::string nothing(const HistoryContext& context, const TableOptions& options) {
    TextWriter out(options);
    out.line(context.narrowed ? "Nothing that fits was done." : "Nothing has been done yet.", 0, 0);
    out.line("History: " + printable(context.file), 0, 0);
    return out.take();
}

}  // namespace

std::string to_table(const HistoryPage& page, const HistoryContext& context,
                     const TableOptions& options) {
    if (page.records.empty()) return nothing(context, options);
    std::vector<TableRow> rows;
    rows.reserve(page.records.size());
    for (const HistoryRecord& record : page.records) rows.push_back(row_of(record));
    const std::vector<std::string> lines = lay_out(kHistoryColumns, rows, options);

    TextWriter out(options);
    out.raw(lines.front());
    for (std::size_t i = 0; i < page.records.size(); ++i) {
        out.raw(lines[i + 1]);
        tell(page.records[i], out);
    }
    out.blank();
    std::string totals = counted(page.records.size(), "action", "actions");
    if (page.left_out > 0) {
        totals += fmt::format("; {} older {} not shown (--limit 0 shows all)", page.left_out,
                              page.left_out == 1 ? "one is" : "ones are");
    }
    out.line(totals + ". History: " + printable(context.file), 0, 0);
    return out.take();
}

}  // namespace reaper::report
