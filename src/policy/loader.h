// Policy file -> Policy, or every mistake in it with file, line, column and what to write instead.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "classify/classifier.h"
#include "policy/environment.h"
#include "policy/policy.h"

namespace reaper::policy {

inline constexpr std::size_t kMaxPolicyBytes = 1024 * 1024;

/// One mistake in a policy file.
struct PolicyError {
    std::string file;
    int line = 0;      ///< From 1; 0 where the mistake is the file itself.
    int column = 0;    ///< From 1.
    std::string what;  ///< "unknown key 'max_memmory_mb'; did you mean 'max_memory_mb'?"

    /// "policy.yaml:12:5: unknown key …"
    [[nodiscard]] std::string message() const;
};
using PolicyErrors = std::vector<PolicyError>;  ///< Never empty where returned.

/// Where a value in force came from, by its path ("limits.max_cpu_percent", "rules.orphan.action").
struct Origin {
    std::string file;  ///< Empty: built in.
    int line = 0;
};
using Origins = std::map<std::string, Origin, std::less<>>;

struct LoadedPolicy {
    Policy policy;
    classify::Classifier classifier;
    Origins origins;
    std::string file;  ///< As errors call it.
    std::string text;  ///< As it was read, its variables by name.
};
using LoadResult = tl::expected<LoadedPolicy, PolicyErrors>;

/// Reads and validates completely; nothing is half loaded. Refuses: what is not a regular file or a
/// pipe, more than kMaxPolicyBytes, aliases that multiply, duplicate keys, unknown keys.
/// As root, a file that others may write is refused. ${NAME} stands for a variable's value.
LoadResult load_policy(const std::string& path, const Environment& environment = process_environment);

/// The same from text; `file` is what errors call it.
LoadResult parse_policy(std::string_view text, const std::string& file,
                        const Environment& environment = process_environment);

/// policies/default.yaml, compiled into the program.
LoadResult default_policy();
std::string_view default_policy_text();

}  // namespace reaper::policy
