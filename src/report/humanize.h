// Figures as people read them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"

namespace reaper::report {

/// "45s", "12m", "2h 05m", "3d 4h": for a column. In sentences policy/wording.h says it.
std::string short_duration(std::chrono::seconds span);

/// "640 KiB", "312 MiB", "1.4 GiB".
std::string human_bytes(Bytes bytes);

/// "0.3%", "98%", "250%"; "-" where it was not measured.
std::string human_cpu(const std::optional<CpuPercent>& cpu);

/// "1 server", "3 servers", "2 processes".
std::string counted(std::size_t count, std::string_view one, std::string_view many);

/// RFC 3339 in UTC with milliseconds: "2026-11-20T11:33:19.250Z".
std::string rfc3339(WallTime moment);

}  // namespace reaper::report
