// What is said of a value that is none, and what its writer may have meant.
//
// Internal to policy/.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "policy/keys.h"
#include "policy/yaml_document.h"

namespace reaper::policy {

/// The value of a key, or what is wrong with it.
using Read = tl::expected<Value, std::vector<YamlMistake>>;

tl::unexpected<std::vector<YamlMistake>> wrong(YamlMark mark, std::string what);

/// The beginning of a text, printable, in quotes.
std::string in_quotes(std::string_view text);

/// What stands there: "'fast' is not", "a list is not".
std::string found(const YamlNode& node);

/// "max_cpu_percent must be 1 to 102400 percent …; 'fast' is not"
std::string must_be(const Key& key, const YamlNode& node);

/// "; did you mean 'terminate'?"; empty where there is nothing to suggest.
std::string did_you_mean(std::string_view word);

/// The choice that a word was meant to be: another tool's word for it, or a slip; empty where none is.
std::string suggestion(std::span<const std::string_view> choices, const std::string& word);

}  // namespace reaper::policy
