// Policies of the tests: short, and not those of the host.
#pragma once

namespace reaper::cli_test {

/// Knows one type; an orphan is due after 30 seconds.
inline constexpr const char* kPolicy = R"(version: 1
name: test
rules:
  orphan: { after_seconds: 30, action: terminate }
servers:
  - type: reaper-cli-subject
    match: 'mcp-server-reaper-cli-subject'
  - type: playwright
    match: 'playwright.*mcp'
)";

/// The same, but an orphan is due at once.
inline constexpr const char* kHastyPolicy = R"(version: 1
name: hasty
rules:
  orphan: { after_seconds: 0, action: terminate }
servers:
  - type: reaper-cli-subject
    match: 'mcp-server-reaper-cli-subject'
  - type: playwright
    match: 'playwright.*mcp'
)";

}  // namespace reaper::cli_test
