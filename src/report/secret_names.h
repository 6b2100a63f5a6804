// Names that say their value is a secret: options, variables, headers, keys of JSON and of URLs.
#pragma once

#include <string_view>

namespace reaper::report {

/// "--api-key", "GITHUB_TOKEN", "figmaApiKey", "X-Auth-Token", "password": yes.
/// "--token-file", "--max-tokens", "--no-auth", "--key-bindings-dir", "--keyboard": no, for what
/// follows them is a place, a number or a choice.
bool names_secret(std::string_view name);

/// "Bearer", "Basic" …: the word in front of the secret in an Authorization header.
bool is_auth_scheme(std::string_view word);

}  // namespace reaper::report
