// What a cage keeps a server to.
#pragma once

#include <optional>

#include "base/units.h"

namespace reaper::enforce {

/// Absent: no limit. Memory and process limits are set only where a policy or a person says so in so
/// many words: what a server already holds is not charged to its cage (docs/cages.md).
struct CageLimits {
    std::optional<CpuPercent> cpu;       ///< Quota: of one core, for the whole server.
    std::optional<unsigned> cpu_weight;  ///< 1 to 10000, beside 100 of everybody else.
    std::optional<Bytes> memory_max;
    std::optional<unsigned> pids_max;

    bool operator==(const CageLimits&) const = default;
    [[nodiscard]] bool none() const { return *this == CageLimits{}; }
};

}  // namespace reaper::enforce
