// What may be wrong with the configurations of clients, as points of `doctor`.
#pragma once

#include <vector>

#include "clients/known_places.h"
#include "clients/wrapping.h"
#include "policy/environment.h"
#include "report/doctor.h"

namespace reaper::clients {

struct Examiner {
    /// Tells packages; absent where the policy has mistakes: then misspelt ones are not found.
    const classify::Classifier* classifier = nullptr;
    policy::Environment environment;
    GuardCommand guard;
};

/// Of each file: one point that says what it has (and which packages are not pinned to a version), and
/// one for each thing that is wrong: it cannot be read; a command is not found; a package is misspelt; a
/// variable is not set; two servers have one name, in one file or in two that the client reads together.
/// The client's name is that of the point.
std::vector<report::CheckPoint> inspect(const std::vector<FoundFile>& files, const Examiner& examiner);

}  // namespace reaper::clients
