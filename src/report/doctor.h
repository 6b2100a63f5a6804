// What this host allows, point by point: what was found, what follows, and what to do about a gap.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "enforce/host_facts.h"
#include "policy/policy.h"
#include "report/scan_report.h"

namespace reaper::report {

inline constexpr int kDoctorSchema = 1;

/// A directory of ours and whether files can be made in it.
struct OurDirectory {
    std::string path;  ///< Empty where there is no place for one; `usable` says why.
    enforce::Tried usable;
};

struct DoctorFacts {
    enforce::HostFacts host;
    OurDirectory runtime;
    OurDirectory state;
    enforce::Tried history;             ///< Whether it can be read, or there is none yet.
    std::optional<std::string> policy;  ///< Its name; absent: it has mistakes.
    policy::Mode mode = policy::Mode::enforce;
};

enum class Standing {
    ok,
    limited,  ///< Something is less exact, slower, or for other users not possible.
    missing,  ///< Something is not possible at all.
};
std::string_view to_string(Standing standing);

struct CheckPoint {
    std::string name;  ///< "pidfd_getfd"; for scripts, too.
    Standing standing = Standing::ok;
    std::string finding;     ///< "works", "user 1000"
    std::string follows;     ///< What that means for the user; empty where all is well.
    std::string remedy;      ///< What to do about it; empty where nothing is to be done.
    bool essential = false;  ///< Without it nothing can be ended.
};

/// Pure.
std::vector<CheckPoint> check(const DoctorFacts& facts);

/// Whether every essential point is met.
bool can_act(const std::vector<CheckPoint>& points);

std::string to_table(const std::vector<CheckPoint>& points, const TableOptions& options);
/// One JSON object, pretty-printed, with a newline at its end.
std::string to_json(const std::vector<CheckPoint>& points);

}  // namespace reaper::report
