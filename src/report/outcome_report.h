// What was done, told: a line an action, and what it came to in all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "enforce/outcome.h"
#include "report/scan_report.h"
#include "report/text_writer.h"

namespace reaper::report {

/// An order with what it came to.
struct Done {
    enforce::Order order;
    enforce::Outcome outcome;
};

/// How an outcome is set off: what went wrong, what was not done, what was.
Style style_of(enforce::Effect effect);

/// "  ended      puppeteer 203: 14 processes, 287 MiB, 1.2 s", with the reason below where there is one.
void tell_outcome(const Done& done, TextWriter& out);

/// "2 servers ended: 17 processes and 352 MiB given back. 1 deferred."
void tell_outcomes(const std::vector<Done>& done, TextWriter& out);

/// {"outcomes": […]}, each as `scan --format json` has them, with a newline at its end.
std::string outcomes_to_json(const std::vector<Done>& done);

/// The reverse: all that tell_outcome and tell_outcomes need. An Error where a word or an id in it is
/// unknown, or it is no such object.
Result<std::vector<Done>> outcomes_from_json(std::string_view text);

}  // namespace reaper::report
