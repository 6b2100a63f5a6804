// A scan, told: as a table for a tired developer, or as JSON for a program (docs/scan-json.md).
#pragma once

#include <cstddef>
#include <string>

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

/// What else the report says: which policy, what narrowed the scan.
struct ScanContext {
    std::string policy;  ///< "default (built in)", or the file's path.
    policy::Mode mode = policy::Mode::enforce;
    bool one_sample = false;  ///< --window 0s: no CPU rates.
    policy::UserNames users;
};

std::string to_table(const scan::Snapshot& snapshot, const policy::Plan& plan,
                     const ScanContext& context, const TableOptions& options);

/// One JSON object, pretty-printed, with a newline at its end.
std::string to_json(const scan::Snapshot& snapshot, const policy::Plan& plan,
                    const ScanContext& context);

}  // namespace reaper::report
