#include "policy/last_good.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

#include "base/digest.h"
#include "base/whole_file.h"
#include "policy/loader.h"
#include "policy/policy_file.h"

namespace reaper::policy {
namespace {

// mcp-reaper last good policy 1
// 9AE16A3B2F90404F 31                 digest of what follows this line, length of the file's name
// /etc/mcp-reaper/policy.yaml
// version: 1
// …
constexpr std::string_view kFormat = "mcp-reaper last good policy 1\n";
constexpr std::size_t kDigits = 16;
constexpr std::size_t kMaxHead = 128 + PATH_MAX;

std::string digest_of(std::string_view text) {
    Digest digest;
    digest.add(text);
    std::array<char, kDigits + 1> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llX",
                  static_cast<unsigned long long>(digest.value()));
    return std::string(digits.data(), kDigits);
}

bool is_missing(const std::string& path) {
    struct stat entry {};
    return ::lstat(path.c_str(), &entry) != 0 && errno == ENOENT;
}

/// The text as it was stored; nothing where it is not what was written.
std::optional<LastGood> read(std::string_view text) {
    if (!text.starts_with(kFormat)) return std::nullopt;
    text.remove_prefix(kFormat.size());
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos || end < kDigits + 2 || text[kDigits] != ' ') return std::nullopt;
    const std::string_view digest = text.substr(0, kDigits);
    const std::string_view figure = text.substr(kDigits + 1, end - kDigits - 1);
    text.remove_prefix(end + 1);
    std::size_t length = 0;
    const auto [rest, error] = std::from_chars(figure.data(), figure.data() + figure.size(), length);
    if (error != std::errc{} || rest != figure.data() + figure.size()) return std::nullopt;
    if (length >= text.size() || text[length] != '\n' || digest_of(text) != digest) return std::nullopt;
    return LastGood{std::string(text.substr(0, length)), std::string(text.substr(length + 1))};
}

}  // namespace

Result<void> store_last_good(const std::string& path, const LastGood& policy) {
    const std::string kept = policy.file + "\n" + policy.text;
    return write_whole_file(path, std::string(kFormat) + digest_of(kept) + " " +
                                      std::to_string(policy.file.size()) + "\n" + kept);
}

tl::expected<std::optional<LastGood>, std::string> load_last_good(const std::string& path) {
    if (is_missing(path)) return std::nullopt;
    const auto text = read_trusted_file(path, kMaxPolicyBytes + kMaxHead);
    if (!text) return tl::unexpected("the last good policy, " + path + ": " + text.error());
    auto kept = read(*text);
    if (!kept) return tl::unexpected("the last good policy, " + path + ", is damaged");
    return kept;
}

}  // namespace reaper::policy
