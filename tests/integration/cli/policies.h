// Policies of the tests: short, and not those of the host.
#pragma once

#include <string>

#include "cli/subject.h"

namespace reaper::cli_test {

/// Knows the type of our subjects and one other; an orphan is due after so many seconds.
inline std::string policy_text(int orphan_seconds) {
    return "version: 1\n"
           "name: test\n"
           "rules:\n"
           "  orphan: { after_seconds: " +
           std::to_string(orphan_seconds) +
           ", action: terminate }\n"
           "servers:\n"
           "  - type: " +
           subject_type() +
           "\n"
           "    match: 'mcp-server-" +
           subject_type() +
           "'\n"
           "  - type: playwright\n"
           "    match: 'playwright.*mcp'\n";
}

}  // namespace reaper::cli_test
