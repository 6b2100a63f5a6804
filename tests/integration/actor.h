// Runs the real program so that it acts: with directories and a policy of the test's own, and under
// strace.
#pragma once

#include <sys/types.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "program.h"
#include "scratch.h"
#include "trace.h"

namespace reaper::integration {

using nlohmann::json;

/// An orphan is one at once; a server has a second between SIGTERM and SIGKILL …
extern const char* const kQuickPolicy;
/// … or ten, for those who end by themselves however slow the host is.
extern const char* const kPatientPolicy;

/// Why no actor can be traced here; empty where it can.
std::string why_no_strace();

struct Acted {
    int exit_code = -1;  ///< -1: ended by a signal, or not in time.
    json report;         ///< Of `scan --format json`; else the output as a string.
    Trace trace;
};

class Actor {
  public:
    explicit Actor(const std::string& policy = kQuickPolicy, std::optional<uid_t> user = {});

    /// `mcp-reaper ARGUMENTS --policy (the test's)`, begun; `strace` are arguments for it.
    [[nodiscard]] Program start(const std::vector<std::string>& arguments,
                                const std::vector<std::string>& strace = {}) const;
    /// Waits for what start() has begun. Fails the test where a call is in its trace that must not be.
    [[nodiscard]] Acted finish(Program& program) const;

    /// `scan --yes` of the servers that have these processes, and of no others.
    [[nodiscard]] Acted scan(const std::set<pid_t>& pids) const;
    static std::vector<std::string> scan_of(const std::set<pid_t>& pids);

  private:
    Scratch scratch_;
    std::optional<uid_t> user_;
};

/// What became of the server that has this process; null, with a test failure, where nothing did.
json outcome_of(const Acted& acted, pid_t pid);

}  // namespace reaper::integration
