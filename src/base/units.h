// Units as types: no figure in this program is a bare number whose unit lives in somebody's head.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <ratio>

namespace reaper {

/// The kernel's clock ticks as /proc shows them. USER_HZ is 100 on every amd64 Linux; it is part of
/// the ABI and does not change with CONFIG_HZ (proc(5), sysconf(_SC_CLK_TCK)).
using Ticks = std::chrono::duration<std::int64_t, std::centi>;

/// A moment, as time since boot with suspends counted (CLOCK_BOOTTIME). Ages are measured on it.
using BootTime = std::chrono::duration<std::int64_t, std::milli>;

/// A moment on CLOCK_MONOTONIC. Spans ("for 30 seconds") are measured on it: a suspend or a change
/// of the wall clock makes no span longer.
using MonotonicTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::milliseconds>;

/// Wall-clock time, for people only. Nothing is ever decided by it.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

struct Bytes {
    std::uint64_t value = 0;

    static constexpr Bytes from_kib(std::uint64_t kib) { return {kib * 1024}; }
    static constexpr Bytes from_mib(std::uint64_t mib) { return {mib * 1024 * 1024}; }
    [[nodiscard]] constexpr double mib() const { return static_cast<double>(value) / (1024.0 * 1024.0); }

    constexpr Bytes& operator+=(Bytes other) {
        value += other.value;
        return *this;
    }
    friend constexpr Bytes operator+(Bytes a, Bytes b) { return {a.value + b.value}; }
    auto operator<=>(const Bytes&) const = default;
};

/// CPU use over a window, in percent of one core: 250 is two and a half cores.
struct CpuPercent {
    double value = 0;

    constexpr CpuPercent& operator+=(CpuPercent other) {
        value += other.value;
        return *this;
    }
    auto operator<=>(const CpuPercent&) const = default;
};

}  // namespace reaper
