// What a rule does about a server, step by step: which step is due, what is still to come, and what
// sparing leaves of each.
//
// Internal to policy/.
#pragma once

#include <chrono>
#include <vector>

#include "policy/plan.h"
#include "policy/policy.h"
#include "policy/sparing.h"
#include "scan/server.h"

namespace reaper::policy {

struct DecidedStep {
    std::chrono::seconds after{0};
    Decision decision;
};

/// The steps that `rule` asks for, in order, sparing applied to each (Sparing::decide). A rule with one
/// word for its action has one step, at once.
std::vector<DecidedStep> decided_steps(Rule rule, const RuleSettings& settings,
                                       const scan::Server& server, const Sparing& sparing, Spare spare);

/// Whether any of them does more than report.
bool acts(const std::vector<DecidedStep>& steps);

/// Sets what `finding` does: action, pending, spared, weight_only, next. `rest` is what is still to be
/// seen before the rule holds; below zero, for how long it has held. A step that sparing makes milder
/// than one before it leaves that one in force.
void set_action(Finding& finding, std::vector<DecidedStep> steps, std::chrono::milliseconds rest);

}  // namespace reaper::policy
