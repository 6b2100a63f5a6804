// What the terminal, if there is one, can show.
#pragma once

#include <cstddef>

#include "report/scan_report.h"

namespace reaper::cli {

/// Width, colours and character set for standard output, from the terminal itself and our own
/// NO_COLOR, COLUMNS, TERM and locale.
report::TableOptions table_options();

/// Columns for help texts: the terminal's, but neither too narrow to read nor too wide.
std::size_t help_width();

/// Whether progress may be drawn there.
bool is_live_terminal(int fd);

}  // namespace reaper::cli
