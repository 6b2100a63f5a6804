// A scan, told: as a table for a tired developer, or as JSON for a program (docs/scan-json.md).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/plan.h"
#include "policy/policy.h"
#include "scan/snapshot.h"

namespace reaper::report {

inline constexpr int kScanSchemaVersion = 1;

struct TableOptions {
    std::size_t width = 80;  ///< Columns of the terminal; 0: no limit (a pipe).
    bool colour = false;
    bool utf8 = true;  ///< "…" and "·", else "..." and "-".
};

struct Done;  // outcome_report.h

/// What else the report says: which policy, what narrowed the scan.
struct ScanContext {
    std::string policy;  ///< "default (built in)", or the file's path.
    policy::Mode mode = policy::Mode::enforce;
    bool one_sample = false;  ///< --window 0s: no CPU rates.
    bool acts = false;        ///< What is planned is going to be done.
    policy::UserNames users;
};

std::string to_table(const scan::Snapshot& snapshot, const policy::Plan& plan,
                     const ScanContext& context, const TableOptions& options);

/// One JSON object, pretty-printed, with a newline at its end. `done`: what was done about the plan;
/// null where nothing was to be done.
std::string to_json(const scan::Snapshot& snapshot, const policy::Plan& plan, const ScanContext& context,
                    const std::vector<Done>* done = nullptr);

}  // namespace reaper::report
