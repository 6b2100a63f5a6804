// "@playwrite/mcp": a package that is nobody's, and one letter away from one that everybody has.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "classify/classifier.h"

namespace reaper::clients {

/// The package that was meant by `package`: near to it, and of a server type of the policy. Nothing
/// where `package` is one itself, or near to none. Asked for by the patterns: a word of theirs in the
/// place of one of the package's must make it match.
std::optional<std::string> meant_package(const classify::Classifier& classifier,
                                         std::string_view package);

}  // namespace reaper::clients
