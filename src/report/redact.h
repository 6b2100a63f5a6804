// Takes secrets out of command lines, and harm out of texts, before anything is shown or stored.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reaper::report {

/// Tokens of one command line with every secret replaced by "***": values of options whose names say
/// so (--api-key X, --token=X, -e NAME_KEY=X, --header "Authorization: Bearer X"), passwords in URLs,
/// strings of well-known secret shapes (sbp_…, ghp_…, sk-…, AKIA…, JWTs …). Rather one too many.
std::vector<std::string> redact(const std::vector<std::string>& tokens);

/// The same for a line whose token borders are lost.
std::string redact_line(std::string_view line);

/// Text that is safe on a terminal and in JSON: control characters, escape sequences and bytes that
/// are not UTF-8 become "\x1b" and the like; at most `max_bytes`, cut with "…".
std::string printable(std::string_view bytes, std::size_t max_bytes = 4096);

}  // namespace reaper::report
