// How a server has ended, in a sentence, and what that usually means. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace reaper::guard {

/// "it ended with status 1", "it was killed by signal 9 (Killed)"; a status as of waitpid(2), absent
/// where it is not known.
std::string how_it_ended(std::optional<int> status);

/// What that usually means, from how it ended and from the last it wrote to its stderr; empty where
/// nothing can be said.
std::string usual_meaning(std::optional<int> status, std::string_view errors);

/// The last lines of a text, at most so many bytes, without blanks at its end.
std::string_view last_lines(std::string_view text, std::size_t most);

}  // namespace reaper::guard
