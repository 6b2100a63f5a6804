#include "report/table_layout.h"

#include <algorithm>
#include <functional>

namespace reaper::report {
namespace {

constexpr std::size_t kGap = 2;

using Widths = std::vector<std::size_t>;  ///< 0: the column is left out.

Widths natural_widths(std::span<const TableColumn> columns, std::span<const TableRow> rows) {
    Widths widths;
    for (const TableColumn& column : columns) widths.push_back(column.heading.size());
    for (const TableRow& row : rows) {
        for (std::size_t i = 0; i < widths.size(); ++i) {
            widths[i] = std::max(widths[i], display_width(row.cells[i]));
        }
    }
    return widths;
}

std::size_t total(const Widths& widths) {
    std::size_t sum = 0;
    for (const std::size_t width : widths) {
        if (width > 0) sum += width + (sum > 0 ? kGap : 0);
    }
    return sum;
}

/// The columns that may be left out, the first to go first.
std::vector<std::size_t> in_order_of_dropping(std::span<const TableColumn> columns) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].dropped > 0) order.push_back(i);
    }
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return columns[a].dropped < columns[b].dropped; });
    return order;
}

Widths fit(std::span<const TableColumn> columns, const Widths& natural, std::size_t limit) {
    if (limit == 0 || total(natural) <= limit) return natural;
    Widths widths = natural;
    for (std::size_t i = 0; i < widths.size(); ++i) {
        if (columns[i].short_width > 0) widths[i] = std::min(widths[i], columns[i].short_width);
    }
    for (const std::size_t column : in_order_of_dropping(columns)) {
        if (total(widths) <= limit) break;
        widths[column] = 0;
    }
    for (std::size_t i = 0; i < widths.size(); ++i) {
        if (columns[i].shortest == 0) continue;
        while (total(widths) > limit && widths[i] > columns[i].shortest) --widths[i];
    }
    for (std::size_t i = widths.size(); i-- > 0;) {
        while (widths[i] > 0 && widths[i] < natural[i] && total(widths) < limit) ++widths[i];
    }
    return widths;
}

using CellStyle = std::function<Style(std::size_t)>;

std::string render(std::span<const TableColumn> columns, const std::vector<std::string>& cells,
                   const Widths& widths, const TableOptions& options, const CellStyle& cell_style) {
    std::string line;
    std::size_t last = columns.size();
    while (last > 0 && widths[last - 1] == 0) --last;
    for (std::size_t i = 0; i < last; ++i) {
        if (widths[i] == 0) continue;
        if (!line.empty()) line.append(kGap, ' ');
        const std::string cut = shorten(cells[i], widths[i], options.utf8 ? "…" : "...");
        line += styled(pad(cut, widths[i], columns[i].align), cell_style(i), options.colour);
    }
    line += '\n';
    return line;
}

}  // namespace

std::vector<std::string> lay_out(std::span<const TableColumn> columns, std::span<const TableRow> rows,
                                 const TableOptions& options) {
    const Widths widths = fit(columns, natural_widths(columns, rows), options.width);
    std::vector<std::string> headings;
    for (const TableColumn& column : columns) headings.emplace_back(column.heading);
    std::vector<std::string> lines = {
        render(columns, headings, widths, options, [](std::size_t) { return Style::bold; })};
    for (const TableRow& row : rows) {
        lines.push_back(render(columns, row.cells, widths, options, [&](std::size_t column) {
            return column == row.styled ? row.style : Style::plain;
        }));
    }
    return lines;
}

}  // namespace reaper::report
