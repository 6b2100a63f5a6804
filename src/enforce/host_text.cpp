#include "enforce/host_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace reaper::enforce {
namespace {

// linux/capability.h
constexpr unsigned kDacReadSearch = 2;
constexpr unsigned kKill = 5;
constexpr unsigned kNetAdmin = 12;
constexpr unsigned kSysPtrace = 19;

/// What follows `name` in its line, without blanks around it.
std::optional<std::string_view> value_of(std::string_view text, std::string_view name) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (!line.starts_with(name)) continue;
        line.remove_prefix(name.size());
        const std::size_t first = line.find_first_not_of(" \t");
        return first == std::string_view::npos ? std::string_view() : line.substr(first);
    }
    return std::nullopt;
}

template <typename T>
std::optional<T> number_in(std::string_view text, int base) {
    T number{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return read.ec == std::errc{} ? std::optional(number) : std::nullopt;
}

/// The word number `index` of a line.
std::string_view word(std::string_view line, std::size_t index) {
    for (; index > 0; --index) line.remove_prefix(std::min(line.find(' '), line.size() - 1) + 1);
    return line.substr(0, line.find(' '));
}

}  // namespace

std::optional<Capabilities> parse_capabilities(std::string_view status) {
    const auto text = value_of(status, "CapEff:");
    const auto bits = text ? number_in<std::uint64_t>(*text, 16) : std::nullopt;
    if (!bits) return std::nullopt;
    const auto has = [&](unsigned bit) { return ((*bits >> bit) & 1U) != 0; };
    return Capabilities{has(kKill), has(kSysPtrace), has(kDacReadSearch), has(kNetAdmin)};
}

std::string parse_hidepid(std::string_view mountinfo) {
    constexpr std::string_view kOption = "hidepid=";
    constexpr std::size_t kMountPoint = 4;
    std::string hidepid = "0";
    while (!mountinfo.empty()) {
        const std::size_t end = std::min(mountinfo.find('\n'), mountinfo.size());
        const std::string_view line = mountinfo.substr(0, end);
        mountinfo.remove_prefix(std::min(end + 1, mountinfo.size()));
        if (word(line, kMountPoint) != "/proc") continue;
        // Of several on top of each other the last is what we see.
        hidepid = "0";
        const std::size_t at = line.rfind(kOption);
        if (at == std::string_view::npos) continue;
        const std::string_view value = line.substr(at + kOption.size());
        hidepid = value.substr(0, value.find_first_of(", "));
    }
    return hidepid;
}

std::optional<Bytes> parse_swap(std::string_view meminfo) {
    const auto text = value_of(meminfo, "SwapTotal:");
    const auto kib = text ? number_in<std::uint64_t>(*text, 10) : std::nullopt;
    return kib ? std::optional(Bytes::from_kib(*kib)) : std::nullopt;
}

std::optional<int> parse_ptrace_scope(std::string_view text) {
    return number_in<int>(text, 10);
}

}  // namespace reaper::enforce
