// ${NAME} in a policy: values that come from the environment of whoever loads it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/yaml_document.h"

namespace reaper::policy {

/// The value of a variable; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// getenv(3).
std::optional<std::string> process_environment(const std::string& name);

/// Puts the variables' values into every scalar of a tree that is no key, and returns what is wrong: a
/// variable that is not set, or whose value is no text. Only the exact form ${NAME} is one, for patterns
/// are full of '$'; $${NAME} stands for the text ${NAME}. The tree is read already, so that no value can
/// be more than the one it stands in.
std::vector<YamlMistake> expand(YamlNode& root, const Environment& environment);

/// The text that expand() makes this of: with $${NAME} for ${NAME}.
std::string unexpanded(std::string_view text);

}  // namespace reaper::policy
