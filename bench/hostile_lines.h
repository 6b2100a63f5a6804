// Command lines made to be dear: whoever may start a process may write one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "classify/classifier.h"

namespace reaper::bench {

inline constexpr std::size_t kHostileBytes = 4096;

/// kHostileBytes of beginnings of the patterns that never come to a match, in an order that is new in
/// every text: each drives an automaton through states it has not built yet.
std::vector<std::string> beginnings(const std::vector<classify::TypePattern>& patterns,
                                    std::size_t texts);

/// A way to make a whole line dear to take apart, as /proc/PID/cmdline has it.
struct HostileKind {
    std::string_view name;
    std::vector<std::string> lines;
};
std::vector<HostileKind> hostile_kinds(const std::vector<classify::TypePattern>& patterns);

}  // namespace reaper::bench
