// Reads the bytes of a policy file, if it is one that may be trusted.
#pragma once

#include <cstddef>
#include <string>
#include <tl/expected.hpp>

namespace reaper::policy {

/// The whole text, or why it may not be read: not there, not a regular file or a pipe, larger than
/// kMaxPolicyBytes (nothing of it is read then), or writable by others: for root anyone but root and
/// the user who started the program, for a user everyone. Never waits for a pipe longer than 5 s.
tl::expected<std::string, std::string> read_policy_file(const std::string& path);

/// The same of another file that is obeyed, which may be larger.
tl::expected<std::string, std::string> read_trusted_file(const std::string& path, std::size_t limit);

}  // namespace reaper::policy
