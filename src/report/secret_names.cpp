#include "report/secret_names.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace reaper::report {
namespace {

constexpr std::array kSecretWords = {
    "token",         "tokens",         "secret",     "secrets",     "key",   "keys",       "apikey",
    "password",      "passwords",      "passwd",     "pwd",         "pass",  "passphrase", "passcode",
    "auth",          "oauth",          "credential", "credentials", "creds", "cred",       "bearer",
    "authorization", "authentication", "dsn",        "jwt",         "pat",   "session",    "sessionid",
    "cookie",        "cookies",        "signature",  "sig",         "otp",   "totp",       "pw"};

/// Run together, as in "githubtoken" or "connectionString" (whose words say nothing).
constexpr std::array kSecretEndings = {"apikey",           "token",      "secret",     "password",
                                       "passwd",           "accesskey",  "secretkey",  "privatekey",
                                       "authkey",          "passphrase", "credential", "credentials",
                                       "connectionstring", "connstring", "connstr"};

/// A name that ends so tells where the secret is, or how it is used, not what it is.
constexpr std::array kHarmlessEndings = {
    "file",     "path",     "dir",      "directory", "folder",   "url",      "uri",       "endpoint",
    "host",     "hostname", "port",     "name",      "type",     "mode",     "method",    "provider",
    "server",   "timeout",  "ttl",      "size",      "count",    "limit",    "length",    "enabled",
    "disabled", "header",   "headers",  "scheme",    "store",    "backend",  "algorithm", "alg",
    "domain",   "region",   "scope",    "scopes",    "callback", "redirect", "interval",  "threshold",
    "refresh",  "required", "version",  "format",    "prefix",   "user",     "username",  "email",
    "env",      "var",      "variable", "through",   "policy",   "bindings", "budget"};

constexpr std::array kHarmlessBeginnings = {"no", "skip", "disable", "without", "max", "min", "num"};

constexpr std::array kSchemes = {"bearer", "basic",   "token",     "digest",
                                 "apikey", "api-key", "negotiate", "bot"};

template <std::size_t N>
bool contains(const std::array<const char*, N>& words, std::string_view word) {
    return std::any_of(words.begin(), words.end(),
                       [word](std::string_view known) { return known == word; });
}

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
char lower(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

/// "figmaApiKey", "FIGMA_API_KEY", "figma-api-key" and "APIKey" into their lower-case words.
std::vector<std::string> words_of(std::string_view name) {
    std::vector<std::string> words;
    bool inside = false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (!is_lower(c) && !is_upper(c) && !is_digit(c)) {
            inside = false;
            continue;
        }
        const bool hump = i > 0 && is_upper(c) &&
                          (is_lower(name[i - 1]) || is_digit(name[i - 1]) ||
                           (is_upper(name[i - 1]) && i + 1 < name.size() && is_lower(name[i + 1])));
        if (!inside || hump) words.emplace_back();
        words.back() += lower(c);
        inside = true;
    }
    return words;
}

/// "token2", "key1": a number at the end counts no more than a separator.
std::string_view without_digits(std::string_view word) {
    while (word.size() > 1 && is_digit(word.back())) word.remove_suffix(1);
    return word;
}

}  // namespace

bool names_secret(std::string_view name) {
    const std::vector<std::string> words = words_of(name);
    if (words.empty()) return false;
    if (contains(kHarmlessEndings, words.back()) || contains(kHarmlessBeginnings, words.front()))
        return false;

    std::string squashed;
    for (const std::string& word : words) {
        if (contains(kSecretWords, without_digits(word))) return true;
        squashed += word;
    }
    return std::any_of(kSecretEndings.begin(), kSecretEndings.end(), [&](std::string_view ending) {
        return without_digits(squashed).ends_with(ending);
    });
}

bool is_auth_scheme(std::string_view word) {
    if (word.size() > 12) return false;
    std::string small;
    for (const char c : word) small += lower(c);
    return contains(kSchemes, small);
}

}  // namespace reaper::report
