// What policy says about a snapshot: a verdict on every server, and what to do. Pure data.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "policy/rule.h"
#include "scan/snapshot.h"

namespace reaper::policy {

/// A rule that a server breaks, with the evidence in a sentence.
struct Finding {
    Rule rule{};
    std::string why;  ///< "stdin and stdout are hung up (pipe HUP, pipe ERR) and it listens nowhere"
    std::chrono::seconds pending{0};  ///< Still to be seen before the rule acts; 0: it holds.
    Action action = Action::report;   ///< What the rule does about it, sparing and exemptions applied.
    /// Why it is milder than the rule's action; empty where it is not. A throttle that is set here may
    /// only lower the CPU weight (`else: throttle` for a server in use), not set a quota.
    std::string spared;

    bool operator==(const Finding&) const = default;
};

struct Verdict {
    ProcessId server;
    Status status = Status::healthy;
    std::vector<Finding> findings;  ///< In the order of Rule.
    /// Warning thresholds passed: "memory 320 MiB, warning at 300 MiB".
    std::vector<std::string> warnings;
    std::chrono::seconds idle{0};  ///< Seen without activity for at least this long.

    bool operator==(const Verdict&) const = default;
};

struct PlannedAction {
    ProcessId server;
    Action action = Action::report;    ///< Harsher than report.
    std::vector<Rule> rules;           ///< Which findings ask for it.
    std::vector<std::string> reasons;  ///< Their evidence.
    std::chrono::seconds pending{0};

    bool operator==(const PlannedAction&) const = default;
};

/// The judgement of one pass. `due` is what enforcement carries out, in order; `pending` is what it
/// would if what is seen now went on.
struct Plan {
    std::vector<Verdict> verdicts;  ///< One a server, in the snapshot's order.
    std::vector<PlannedAction> due;
    std::vector<PlannedAction> pending;
};

}  // namespace reaper::policy
