// Tables for a terminal: which columns are shown at a width, and how wide.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/scan_report.h"
#include "report/text_width.h"
#include "report/text_writer.h"

namespace reaper::report {

struct TableColumn {
    std::string_view heading;
    Align align = Align::left;
    /// As much of it as still tells one from another: it is cut to this before columns are left out. 0:
    /// never cut.
    std::size_t short_width = 0;
    /// It is cut further, down to this, where all that may be left out is. 0: no further.
    std::size_t shortest = 0;
    unsigned dropped = 0;  ///< The how manieth to be left out; 0: never.
};

struct TableRow {
    std::vector<std::string> cells;  ///< One a column.
    std::size_t styled = 0;          ///< The cell that `style` is for.
    Style style = Style::plain;
};

/// Lines with their ends: the heading, then one a row. Where the width does not do for all columns, the
/// long ones are cut first, then columns are left out. What is left over goes back to the cut ones, the
/// last column first.
std::vector<std::string> lay_out(std::span<const TableColumn> columns, std::span<const TableRow> rows,
                                 const TableOptions& options);

}  // namespace reaper::report
