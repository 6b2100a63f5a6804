// The columns of the table of servers.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "policy/rule.h"
#include "report/scan_report.h"

namespace reaper::report {

enum class Column { type, status, client, age, cpu, memory, processes, pid };
inline constexpr std::size_t kColumns = 8;

struct Row {
    std::array<std::string, kColumns> cells;
    policy::Status status = policy::Status::healthy;

    std::string& operator[](Column column) { return cells[static_cast<std::size_t>(column)]; }
    const std::string& operator[](Column column) const {
        return cells[static_cast<std::size_t>(column)];
    }
};

/// The rows below a heading. Where the width does not do for all columns, the names are cut first, then
/// columns are left out: processes, age, CPU, client.
std::string lay_out(const std::vector<Row>& rows, const TableOptions& options);

}  // namespace reaper::report
