// `explain PID`: how one process is seen, with every piece of evidence and where it came from.
#pragma once

#include <string>

#include "classify/classifier.h"
#include "policy/plan.h"
#include "policy/policy.h"
#include "report/scan_report.h"
#include "scan/sample.h"
#include "scan/snapshot.h"

namespace reaper::report {

struct ExplainInput {
    const scan::Sample& sample;
    const scan::Snapshot& snapshot;
    const policy::Plan& plan;
    const policy::Policy& policy;
    const classify::Classifier& classifier;
};

/// Text for a person, wrapped to `options.width`; command lines are redacted. Empty where the sample has
/// no such process. `plan` must be the judgement of `snapshot`, and that be made from `sample`.
std::string explain(const ExplainInput& input, pid_t pid, const TableOptions& options);

}  // namespace reaper::report
