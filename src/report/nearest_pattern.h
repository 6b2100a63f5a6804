// "Why did no pattern match?": the patterns that come nearest to a program slot.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "classify/classifier.h"

namespace reaper::report {

/// At most `count` patterns that have much of their fixed text, or of their type's name, in common with
/// `slot`; nearest first, none where none is near.
std::vector<const classify::TypePattern*> nearest_patterns(
    std::string_view slot, const std::vector<classify::TypePattern>& patterns, std::size_t count);

}  // namespace reaper::report
