// Wall-clock time, read back from the text that rfc3339() writes, and shown as the reader's own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"

namespace reaper::report {

/// "2026-11-20T11:33:19.250Z", the fraction may be missing; nothing where it is not in that form.
std::optional<WallTime> moment_from(std::string_view text);

/// "2026-11-20 12:33:19", in the local time zone.
std::string local_time(WallTime moment);

}  // namespace reaper::report
