// Secrets that give themselves away by how they look, whatever stands before them.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace reaper::report {

/// A part of a text: [begin, end).
struct Span {
    std::size_t begin = 0;
    std::size_t end = 0;
};
using Spans = std::vector<Span>;

// Each adds what it finds in `text` to `spans`, in one pass over it.

/// Tokens with a maker's mark: sbp_…, ghp_…, sk-…, AKIA…, xoxb-…, JWTs.
void find_marked_tokens(std::string_view text, Spans& spans);

/// The password of scheme://user:password@host, and a token in the user's place.
void find_url_passwords(std::string_view text, Spans& spans);

/// -----BEGIN … PRIVATE KEY----- up to its end.
void find_private_keys(std::string_view text, Spans& spans);

/// Runs of 40 and more hexadecimal or base64 characters that look random. Components of local paths
/// (npx and pnpm name their directories by hashes) and digests of packages are none.
void find_random_runs(std::string_view text, Spans& spans);

}  // namespace reaper::report
