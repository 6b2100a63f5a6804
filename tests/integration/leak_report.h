// docs/leak-matrix.md, made from what was seen.
#pragma once

#include <string>
#include <vector>

#include "leak_run.h"

namespace reaper::integration {

/// "gone after 2.1 s", "3 processes left, 210 MiB: chromium, …", or why it could not be run.
std::string sentence_of(const Outcome& outcome);

/// The document: the totals, the matrix, what it was measured with, and how long that took.
std::string report_of(const std::vector<Outcome>& outcomes, std::chrono::minutes took);

}  // namespace reaper::integration
