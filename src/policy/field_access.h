// How a field of a settings struct is read and written as a Value, for the tables of keys.
//
// Internal to policy/.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>

#include "base/units.h"
#include "policy/keys.h"

namespace reaper::policy {

inline constexpr double kDay = 24.0 * 60 * 60;
inline constexpr double kTenYears = 10 * 365 * kDay;

template <typename T, auto Member>
Value get_seconds(const T& settings) {
    return static_cast<double>((settings.*Member).count());
}

template <typename T, auto Member>
void set_seconds(T& settings, const Value& value) {
    settings.*Member = std::chrono::seconds(std::llround(std::get<double>(value)));
}

template <typename T, auto Member>
Value get_count(const T& settings) {
    return static_cast<double>(settings.*Member);
}

template <typename T, auto Member>
void set_count(T& settings, const Value& value) {
    settings.*Member = static_cast<unsigned>(std::get<double>(value));
}

/// Of a count that may be none.
template <typename T, auto Member>
Value get_optional_count(const T& settings) {
    if (!(settings.*Member)) return NoLimit{};
    return static_cast<double>(*(settings.*Member));
}

template <typename T, auto Member>
void set_optional_count(T& settings, const Value& value) {
    (settings.*Member).reset();
    if (const double* figure = std::get_if<double>(&value)) {
        settings.*Member = static_cast<unsigned>(*figure);
    }
}

template <typename T, auto Member>
Value get_bytes(const T& settings) {
    return static_cast<double>((settings.*Member).value);
}

inline Bytes bytes_from(const Value& value) {
    return Bytes{static_cast<std::uint64_t>(std::llround(std::get<double>(value)))};
}

template <typename T, auto Member>
void set_bytes(T& settings, const Value& value) {
    settings.*Member = bytes_from(value);
}

template <typename T, auto Member>
Value get_truth(const T& settings) {
    return settings.*Member;
}

template <typename T, auto Member>
void set_truth(T& settings, const Value& value) {
    settings.*Member = std::get<bool>(value);
}

}  // namespace reaper::policy
