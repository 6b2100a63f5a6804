// The processes of a developer's host, made up: what the farm grows and what matchers are fed.
//
// 5 % of them belong to MCP servers, three processes a server mostly, each under the client that
// started it. The rest is what stands beside them in reports: browsers and editors with their long
// command lines, node and Python programs, databases, shells, daemons. The same count always gives
// the same host.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace reaper::bench {

struct Line {
    std::string comm;
    std::vector<std::string> argv;
    unsigned descriptors = 4;  ///< Open files in all, about what the real program has.
    std::size_t padding = 0;   ///< NULs behind it: npm writes its title over longer arguments.

    /// As /proc/PID/cmdline has it.
    [[nodiscard]] std::string bytes() const;
    /// As `ps` has it: joined by spaces.
    [[nodiscard]] std::string text() const;
};

/// One MCP server: each process of the chain is the child of the one before it, all have its channel.
struct Launch {
    bool over_pipes = false;  ///< Else over a pair of sockets.
    std::vector<Line> chain;
};

/// A process that its user's manager started, what it started itself, and its servers if it is a client.
struct Family {
    Line head;
    std::vector<Line> children;
    std::vector<Launch> launches;

    [[nodiscard]] std::size_t size() const;
};

/// Families of exactly `processes` processes together.
std::vector<Family> host_families(std::size_t processes);

/// All lines of host_families(), server chains included.
std::vector<Line> host_lines(std::size_t processes);

}  // namespace reaper::bench
