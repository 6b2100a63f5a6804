// The identity of a process: (pid, start time), never the pid alone.
#pragma once

#include <sys/types.h>

#include <charconv>
#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"

namespace reaper {

/// Two processes may have the same pid one after the other; no two have the same pid and start time.
struct ProcessId {
    pid_t pid = 0;
    Ticks start{0};  ///< Since boot: field 22 of /proc/PID/stat (proc(5)).

    auto operator<=>(const ProcessId&) const = default;

    /// "4711@79231": how an identity is shown, stored, and named on the command line.
    [[nodiscard]] std::string text() const {
        return std::to_string(pid) + '@' + std::to_string(start.count());
    }

    /// The reverse of text(); nothing where it is not one.
    static std::optional<ProcessId> parse(std::string_view text) {
        ProcessId id;
        std::int64_t start = 0;
        const char* const end = text.data() + text.size();
        const auto pid = std::from_chars(text.data(), end, id.pid);
        if (pid.ec != std::errc{} || pid.ptr == end || *pid.ptr != '@') return std::nullopt;
        const auto ticks = std::from_chars(pid.ptr + 1, end, start);
        if (ticks.ec != std::errc{} || ticks.ptr != end) return std::nullopt;
        id.start = Ticks(start);
        return id;
    }
};

}  // namespace reaper

template <>
struct std::hash<reaper::ProcessId> {
    std::size_t operator()(const reaper::ProcessId& id) const noexcept {
        return std::hash<std::int64_t>{}((static_cast<std::int64_t>(id.pid) << 40) ^ id.start.count());
    }
};
