// What is wrong with a policy whose single values are all right: limits against warnings, actions
// against each other, patterns as a set.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "classify/classifier.h"
#include "policy/policy_reader.h"

namespace reaper::policy {

std::vector<YamlMistake> cross_check(const ReadPolicy& read);

/// The patterns of a policy, compiled.
Result<classify::Classifier> compile_patterns(const Policy& policy);

/// Where in the file the subject of such an error stands, a type or a client; line 0 where nowhere.
YamlMark mark_of_subject(const ReadPolicy& read, const std::string& subject);

}  // namespace reaper::policy
