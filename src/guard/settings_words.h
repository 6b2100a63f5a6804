// A Task as words of a command line, and back: `type=playwright close_wait=5 -- npx -y @playwright/mcp`.
//
// Words, and not a file descriptor or a variable: ps shows what a guard was told, a person can say it
// by hand, and nothing of it reaches the server (a descriptor could be inherited, a variable would be).
// None of it is a secret. Only what differs from the built-in settings is said, so that it stays short.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "guard/task.h"

namespace reaper::guard {

std::vector<std::string> to_words(const Task& task);

/// Fails where a word is none of these, or where there is no command.
Result<Task> task_from(const std::vector<std::string>& words);

}  // namespace reaper::guard
