// What stands below the table of servers: what would be done and why, what is only reported, totals.
#pragma once

#include <vector>

#include "policy/plan.h"
#include "report/judged_servers.h"
#include "report/scan_report.h"
#include "report/text_writer.h"
#include "scan/snapshot.h"

namespace reaper::report {

/// "Would do now", "Would do if it goes on", or that there is nothing to do.
void tell_plan(const std::vector<JudgedServer>& servers, const policy::Plan& plan,
               const ScanContext& context, TextWriter& out);

/// Findings that nothing is done about, and why not.
void tell_findings(const std::vector<JudgedServer>& servers, TextWriter& out);

/// Warning thresholds that were passed.
void tell_warnings(const std::vector<JudgedServer>& servers, TextWriter& out);

/// Totals, and what the reader should know of how this was seen.
void tell_totals(const std::vector<JudgedServer>& servers, const scan::Snapshot& snapshot,
                 const ScanContext& context, bool shared_lines, TextWriter& out);

}  // namespace reaper::report
