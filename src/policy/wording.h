// How figures read in evidence: "2 h 13 min", "812 MiB", "93.4 % CPU".
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "base/units.h"
#include "policy/plan.h"
#include "policy/policy.h"
#include "scan/server.h"

namespace reaper::policy {

/// The two largest units that are not zero in a row: "45 s", "1 min 30 s", "2 h", "3 d 4 h".
std::string in_words(std::chrono::seconds duration);

/// "812 MiB"; with a decimal below ten. Sizes and percentages are rounded up, so that what is over a
/// limit never reads as equal to it.
std::string in_words(Bytes size);

/// "93.4 % CPU"
std::string in_words(CpuPercent cpu);

/// "80 %"
std::string percent_in_words(CpuPercent cpu);

/// "claude (4711)"
std::string in_words(const scan::Client& client);

/// "then terminate in 25 min"
std::string in_words(const NextStep& next);

/// "alice", or "uid 1000" where the name is not known.
std::string user_in_words(uid_t uid, const UserNames& users);

}  // namespace reaper::policy
