#include "scan/proc_text.h"

#include <array>
#include <charconv>

namespace reaper::scan {
namespace {

/// The next word of `text` at spaces, which it is cut from.
std::string_view take_word(std::string_view& text) {
    const std::size_t begin = text.find_first_not_of(" \t\n");
    if (begin == std::string_view::npos) {
        text = {};
        return {};
    }
    const std::size_t end = std::min(text.find_first_of(" \t\n", begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    text.remove_prefix(end);
    return word;
}

std::string_view take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

template <typename Number>
std::optional<Number> number(std::string_view word) {
    Number value{};
    const auto parsed = std::from_chars(word.data(), word.data() + word.size(), value);
    if (word.empty() || parsed.ec != std::errc{} || parsed.ptr != word.data() + word.size()) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::optional<StatText> parse_stat(std::string_view text) {
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
        return std::nullopt;
    }
    StatText stat;
    stat.comm = text.substr(open + 1, close - open - 1);
    text.remove_prefix(close + 1);

    const std::string_view state = take_word(text);
    const auto parent = number<pid_t>(take_word(text));
    if (state.size() != 1 || !parent) return std::nullopt;
    stat.state = state.front();
    stat.parent = *parent;
    const auto skip = [&text](int words) {
        for (int i = 0; i < words; ++i) take_word(text);
    };
    skip(1);  // pgrp (5)
    const auto session = number<pid_t>(take_word(text));
    skip(2);  // tty_nr, tpgid
    const auto flags = number<std::uint64_t>(take_word(text));
    skip(4);  // minflt (10) to cmajflt
    const auto user = number<std::int64_t>(take_word(text));
    const auto system = number<std::int64_t>(take_word(text));
    skip(4);  // cutime (16) to nice
    const auto threads = number<unsigned>(take_word(text));
    skip(1);  // itrealvalue
    const auto start = number<std::int64_t>(take_word(text));
    if (!session || !flags || !user || !system || !threads || !start) return std::nullopt;
    skip(1);                                              // vsize
    constexpr std::uint64_t kKernelThread = 0x0020'0000;  // PF_KTHREAD, include/linux/sched.h
    stat.session = *session;
    stat.kernel_thread = (*flags & kKernelThread) != 0;
    stat.cpu_time = Ticks(*user + *system);
    stat.threads = *threads;
    stat.start = Ticks(*start);
    stat.resident_pages = number<std::uint64_t>(take_word(text)).value_or(0);
    return stat;
}

std::optional<std::uint64_t> parse_statm_anonymous_pages(std::string_view text) {
    take_word(text);  // size
    const auto resident = number<std::uint64_t>(take_word(text));
    const auto shared = number<std::uint64_t>(take_word(text));
    if (!resident || !shared) return std::nullopt;
    // The kernel counts the two one after the other, so shared may be the larger by a few pages.
    return *resident > *shared ? *resident - *shared : 0;
}

std::optional<Bytes> parse_status_swap(std::string_view text) {
    // "Name:" comes first and is escaped by the kernel (no newline in it), so a line's start is one.
    while (!text.empty()) {
        std::string_view line = take_line(text);
        constexpr std::string_view kKey = "VmSwap:";
        if (!line.starts_with(kKey)) continue;
        line.remove_prefix(kKey.size());
        const auto kib = number<std::uint64_t>(take_word(line));
        if (!kib) return std::nullopt;
        return Bytes::from_kib(*kib);
    }
    return std::nullopt;
}

std::string parse_cgroup(std::string_view text) {
    std::string_view unified;
    std::string_view systemd;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        const std::size_t first = line.find(':');
        if (first == std::string_view::npos) continue;
        const std::size_t second = line.find(':', first + 1);
        if (second == std::string_view::npos) continue;
        const std::string_view controllers = line.substr(first + 1, second - first - 1);
        const std::string_view path = line.substr(second + 1);
        if (line.substr(0, first) == "0" && controllers.empty()) unified = path;
        if (controllers == "name=systemd") systemd = path;
    }
    const bool says_nothing = unified.empty() || unified == "/";
    return std::string(says_nothing && !systemd.empty() ? systemd : unified);
}

std::optional<std::uint64_t> inode_of_link(std::string_view target, std::string_view prefix) {
    if (!target.starts_with(prefix)) return std::nullopt;
    target.remove_prefix(prefix.size());
    if (!target.starts_with(":[") || !target.ends_with("]")) return std::nullopt;
    return number<std::uint64_t>(target.substr(2, target.size() - 3));
}

}  // namespace reaper::scan
