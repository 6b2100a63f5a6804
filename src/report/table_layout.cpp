#include "report/table_layout.h"

#include <algorithm>
#include <string_view>

#include "report/text_width.h"
#include "report/text_writer.h"

namespace reaper::report {
namespace {

using policy::Status;

constexpr std::array<std::string_view, kColumns> kHeadings = {"TYPE", "STATUS", "CLIENT", "AGE",
                                                              "CPU",  "MEMORY", "PROCS",  "PID"};
constexpr std::array kDropped = {Column::processes, Column::age, Column::cpu, Column::client};
constexpr std::size_t kGap = 2;
/// As much of a name as still tells one from another.
constexpr std::size_t kShortType = 16;
constexpr std::size_t kShortClient = 12;
constexpr std::size_t kShortestType = 4;

using Widths = std::array<std::size_t, kColumns>;  ///< 0: the column is left out.

std::size_t& of(Widths& widths, Column column) {
    return widths[static_cast<std::size_t>(column)];
}

Widths natural_widths(const std::vector<Row>& rows) {
    Widths widths{};
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = kHeadings[i].size();
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < kColumns; ++i) {
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

Widths fit(const Widths& natural, std::size_t limit) {
    if (limit == 0 || total(natural) <= limit) return natural;
    Widths widths = natural;
    of(widths, Column::type) = std::min(of(widths, Column::type), kShortType);
    of(widths, Column::client) = std::min(of(widths, Column::client), kShortClient);
    for (const Column column : kDropped) {
        if (total(widths) <= limit) break;
        of(widths, column) = 0;
    }
    std::size_t& type = of(widths, Column::type);
    while (total(widths) > limit && type > kShortestType) --type;

    // What is left over goes back to the names.
    const auto grow = [&](Column column) {
        std::size_t& width = of(widths, column);
        const std::size_t wanted = natural[static_cast<std::size_t>(column)];
        while (width > 0 && width < wanted && total(widths) < limit) ++width;
    };
    grow(Column::client);  // its end is the pid
    grow(Column::type);
    return widths;
}

Align alignment(std::size_t column) {
    return column <= static_cast<std::size_t>(Column::client) ? Align::left : Align::right;
}

Style style_of(Status status) {
    switch (status) {
        case Status::zombie:
        case Status::orphan:
            return Style::bold_red;
        case Status::unhealthy:
            return Style::red;
        case Status::duplicate:
        case Status::degraded:
            return Style::yellow;
        case Status::suspected:
            return Style::cyan;
        case Status::healthy:
            return Style::green;
    }
    return Style::plain;
}

template <typename CellStyle>
std::string render(const std::array<std::string, kColumns>& cells, const Widths& widths,
                   const TableOptions& options, CellStyle cell_style) {
    std::string line;
    std::size_t last = kColumns;
    while (last > 0 && widths[last - 1] == 0) --last;
    for (std::size_t i = 0; i < last; ++i) {
        if (widths[i] == 0) continue;
        if (!line.empty()) line.append(kGap, ' ');
        const std::string cut = shorten(cells[i], widths[i], options.utf8 ? "…" : "...");
        line += styled(pad(cut, widths[i], alignment(i)), cell_style(i), options.colour);
    }
    line += '\n';
    return line;
}

}  // namespace

std::string lay_out(const std::vector<Row>& rows, const TableOptions& options) {
    const Widths widths = fit(natural_widths(rows), options.width);
    std::array<std::string, kColumns> headings;
    std::copy(kHeadings.begin(), kHeadings.end(), headings.begin());
    std::string out = render(headings, widths, options, [](std::size_t) { return Style::bold; });
    for (const Row& row : rows) {
        out += render(row.cells, widths, options, [&](std::size_t column) {
            return column == static_cast<std::size_t>(Column::status) ? style_of(row.status)
                                                                      : Style::plain;
        });
    }
    return out;
}

}  // namespace reaper::report
