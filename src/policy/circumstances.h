// What is so on the host besides its servers, for those who judge them.
#pragma once

namespace reaper::policy {

struct Circumstances {
    bool memory_pressure = false;  ///< Memory is short, or was a moment ago (PressureSettings).

    bool operator==(const Circumstances&) const = default;
};

}  // namespace reaper::policy
