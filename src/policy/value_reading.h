// YAML node -> Value of a key.
#pragma once

#include <tl/expected.hpp>
#include <vector>

#include "policy/keys.h"
#include "policy/yaml_document.h"

namespace reaper::policy {

/// Whether the patterns of server types are tried one by one. Compiling one costs some 100 µs, and the
/// classifier compiles them all anyway: only when it fails is it worth knowing which.
enum class PatternCheck { later, each };

/// The value of a key, or what is wrong with it and what may be written instead.
tl::expected<Value, std::vector<YamlMistake>> read_value(const Key& key, const YamlNode& node,
                                                         PatternCheck check);

}  // namespace reaper::policy
