// Acting as a command does it: after asking, telling on standard error.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/output.h"
#include "cli/policy_option.h"
#include "pass/acting.h"
#include "pass/interrupts.h"
#include "report/outcome_report.h"

namespace reaper::cli {

/// What goes on is shown where a person is watching; `policy` must outlive it.
Result<std::unique_ptr<pass::Acting>> prepare_acting(const ChosenPolicy& policy,
                                                     const pass::Interrupts& interrupts);

/// What a person is asked before anything is done. True with `yes`, or where a terminal answered y or
/// yes; false where it answered anything else.
bool confirmed(const std::string& question, bool yes, const pass::Interrupts& interrupts);

/// Why nobody can be asked, and what to do instead; nothing where a terminal is there or `yes` given.
std::optional<UsageError> nobody_to_ask(bool yes);

/// ok where all came about or nothing is wrong any more; failed where something was left undone.
ExitCode exit_code_of(const std::vector<report::Done>& done);

}  // namespace reaper::cli
