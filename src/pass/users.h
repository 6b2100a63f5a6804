// Names of users, from the system's user database.
#pragma once

#include <sys/types.h>

#include <optional>
#include <set>
#include <string>

#include "policy/policy.h"
#include "scan/snapshot.h"

namespace reaper::pass {

/// "ada" or "1000"; nothing where no such user is known (a number needs no entry).
std::optional<uid_t> user_id(const std::string& name_or_number);

std::optional<std::string> home_directory(uid_t uid);

/// Each looked up once; those without a name are left out.
policy::UserNames user_names(const std::set<uid_t>& uids);

/// The names of those who own a server, each looked up once.
policy::UserNames owners(const scan::Snapshot& snapshot);

}  // namespace reaper::pass
