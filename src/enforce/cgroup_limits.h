// Limits as the values of cgroup files, v1 and v2. Pure.
//
// Internal to enforce/.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "enforce/cage_limits.h"

namespace reaper::enforce {

inline constexpr std::array<std::string_view, 3> kLimitControllers = {"cpu", "memory", "pids"};

struct CgroupValue {
    std::string file;
    std::string value;

    bool operator==(const CgroupValue&) const = default;
};

/// Whether these limits set anything in this controller.
bool limits_use(const CageLimits& limits, std::string_view controller);

/// All that this controller has to be set to; what is not limited is lifted. An Error where the kernel
/// takes no such value.
Result<std::vector<CgroupValue>> limit_values(const CageLimits& limits, std::string_view controller,
                                              bool unified);

/// Whether the file's content says what was written: memory limits are kept in whole pages.
bool reads_back(const CgroupValue& written, std::string_view content);

/// The weight file of a group and what it says for a weight (1 to 10000, 100 by default).
CgroupValue weight_value(unsigned weight, bool unified);
/// The reverse: nothing where it is no number.
std::optional<unsigned> weight_from(std::string_view content, bool unified);

}  // namespace reaper::enforce
