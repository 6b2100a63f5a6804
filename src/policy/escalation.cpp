#include "policy/escalation.h"

#include <algorithm>
#include <utility>

namespace reaper::policy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Rounded up: a span is over when it is over.
seconds still(milliseconds rest) {
    return std::max(seconds(0), std::chrono::ceil<seconds>(rest));
}

void take_over(Finding& finding, Decision decision) {
    if (decision.action >= finding.action) {
        finding.action = decision.action;
        finding.weight_only = decision.weight_only;
    }
    finding.spared = std::move(decision.spared);
}

/// A step that is not due yet.
void announce(Finding& finding, const DecidedStep& step, seconds in) {
    if (finding.next) return;
    if (step.decision.action > finding.action) {
        finding.next = NextStep{step.decision.action, in};
    } else if (finding.spared.empty()) {
        finding.spared = step.decision.spared;
    }
}

}  // namespace

std::vector<DecidedStep> decided_steps(Rule rule, const RuleSettings& settings,
                                       const scan::Server& server, const Sparing& sparing, Spare spare) {
    std::vector<DecidedStep> steps;
    if (settings.escalation.empty()) {
        steps.push_back({seconds(0), sparing.decide(rule, settings.action, server, spare)});
    }
    for (const Step& step : settings.escalation) {
        steps.push_back({step.after, sparing.decide(rule, step.action, server, spare)});
    }
    return steps;
}

bool acts(const std::vector<DecidedStep>& steps) {
    return std::any_of(steps.begin(), steps.end(),
                       [](const DecidedStep& step) { return step.decision.action > Action::report; });
}

void set_action(Finding& finding, std::vector<DecidedStep> steps, milliseconds rest) {
    finding.pending = still(rest);
    // While the rule does not hold yet, what is told is what will be done when it does.
    const milliseconds held = std::max(milliseconds(0), -rest);
    for (DecidedStep& step : steps) {
        if (step.after <= held) {
            take_over(finding, std::move(step.decision));
        } else {
            announce(finding, step, still(rest + step.after));
        }
    }
}

}  // namespace reaper::policy
