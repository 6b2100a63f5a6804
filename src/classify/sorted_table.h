// Tables of names that are searched for every process: sorted when compiled, halved when asked.
// Internal to classify/.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <string_view>

namespace reaper::classify {

/// `rows` in the order of their names, whatever order reads best where they are written.
template <typename Row, std::size_t N, typename Name = std::identity>
consteval std::array<Row, N> sorted_by(std::array<Row, N> rows, Name name = {}) {
    std::ranges::sort(rows, {}, name);
    return rows;
}

/// The row of this name, or nullptr.
template <typename Row, std::size_t N, typename Name = std::identity>
const Row* find_in(const std::array<Row, N>& rows, std::string_view wanted, Name name = {}) {
    const auto row = std::ranges::lower_bound(rows, wanted, {}, name);
    return row != rows.end() && std::invoke(name, *row) == wanted ? &*row : nullptr;
}

}  // namespace reaper::classify
