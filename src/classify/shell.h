// The string after `sh -c`: which simple commands it runs. Not a shell: enough of its grammar to find
// the first words of its commands, and never to be fooled into running anything.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reaper::classify {

/// "cd /x && FOO=1 exec npx -y foo; done" -> {cd /x}, {npx -y foo}, {done}. Split at ; & | && || and
/// newlines outside quotes; leading keywords (exec, then, do …) and assignments are dropped.
std::vector<std::vector<std::string>> simple_commands(std::string_view script);

}  // namespace reaper::classify
