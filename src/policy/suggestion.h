// "did you mean …?": the word that a misspelt one was meant to be.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace reaper::policy {

/// Letters to insert, delete, change or swap with a neighbour to turn one into the other. Case and
/// the ways to join words (max-cpu, maxCpu, max_cpu) make no difference.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to `word`, the first of equals; nothing where none is near enough to be
/// what was meant. Cheap for a word of any length.
std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> candidates);

}  // namespace reaper::policy
