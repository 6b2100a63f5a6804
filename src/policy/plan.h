// What policy says about a snapshot: a verdict on every server, and what to do. Pure data.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "policy/rule.h"
#include "scan/snapshot.h"

namespace reaper::policy {

/// A harsher step of an escalation that is still to come.
struct NextStep {
    Action action = Action::report;
    std::chrono::seconds in{0};  ///< From now, if the finding goes on.

    bool operator==(const NextStep&) const = default;
};

/// A rule that a server breaks, with the evidence in a sentence.
struct Finding {
    Rule rule{};
    std::string why;  ///< "stdin and stdout are hung up (pipe HUP, pipe ERR) and it listens nowhere"
    std::chrono::seconds pending{0};  ///< Still to be seen before the rule acts; 0: it holds.
    /// What the rule does about it once it holds, sparing and exemptions applied; with an escalation its
    /// step of this moment.
    Action action = Action::report;
    /// Why it is, or will stay, milder than what the rule asks for; empty where it is not.
    std::string spared;
    /// throttle: it may only lower the CPU weight (`else: throttle` for a server in use, or evidence
    /// that is unknown), not set a quota.
    bool weight_only = false;
    /// By a limit that only counts because memory is short, or allowed by it (`pressure:`).
    bool under_pressure = false;
    std::optional<NextStep> next;  ///< The next harsher step of an escalation; most rules have none.

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
    bool weight_only = false;     ///< throttle that is due: no rule that asks for it may set a quota.
    bool under_pressure = false;  ///< One of the findings that ask for it is.

    bool operator==(const PlannedAction&) const = default;
};

/// The judgement of one pass. `due` is what enforcement carries out, in order; `pending` is what it
/// would if what is seen now went on: findings that do not hold yet, and those that are only reported
/// now and have a harsher step to come.
struct Plan {
    std::vector<Verdict> verdicts;  ///< One a server, in the snapshot's order.
    std::vector<PlannedAction> due;
    std::vector<PlannedAction> pending;
};

}  // namespace reaper::policy
