#include "report/server_columns.h"

#include "report/table_layout.h"

namespace reaper::report {
namespace {

using policy::Status;

constexpr std::array<TableColumn, kColumns> kServerColumns = {{
    {"TYPE", Align::left, 16, 4},
    {"STATUS", Align::left},
    {"CLIENT", Align::left, 12, 0, 4},
    {"AGE", Align::right, 0, 0, 2},
    {"CPU", Align::right, 0, 0, 3},
    {"MEMORY", Align::right},
    {"PROCS", Align::right, 0, 0, 1},
    {"PID", Align::right},
}};

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

}  // namespace

std::string lay_out(const std::vector<Row>& rows, const TableOptions& options) {
    std::vector<TableRow> all;
    all.reserve(rows.size());
    for (const Row& row : rows) {
        all.push_back({{row.cells.begin(), row.cells.end()},
                       static_cast<std::size_t>(Column::status),
                       style_of(row.status)});
    }
    std::string out;
    for (const std::string& line : lay_out(kServerColumns, all, options)) out += line;
    return out;
}

}  // namespace reaper::report
