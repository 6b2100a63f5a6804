// The last policy that was accepted, kept where it outlives the program: one that is started while the
// edited file is broken goes on by what was in force before.
#pragma once

#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "base/result.h"

namespace reaper::policy {

/// A policy as its file says it. parse_policy(text, file) loads it, with the environment of that moment.
struct LastGood {
    std::string file;
    std::string text;

    bool operator==(const LastGood&) const = default;
};

/// Keeps it in the file `path`, whole or not at all (0600; over whatever was there).
Result<void> store_last_good(const std::string& path, const LastGood& policy);

/// What was kept; nothing where nothing was. Why not, where it is damaged or may not be trusted: for
/// root that is a file, or one in a directory, that others can write (policy_file.h).
tl::expected<std::optional<LastGood>, std::string> load_last_good(const std::string& path);

}  // namespace reaper::policy
