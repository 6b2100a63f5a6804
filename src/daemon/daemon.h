// The daemon: the flow of docs/architecture.md, repeated until it is told to end.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "base/result.h"
#include "policy/loader.h"

namespace reaper::daemon {

struct DaemonOptions {
    std::optional<std::string> policy;  ///< A file; without it: the installed one, or the built-in.
    std::string version;
    /// For whoever reads standard error: what went wrong with telling, and every event where nothing
    /// else takes them.
    std::function<void(const std::string&)> say;
};

/// Why it does not run.
struct NotRun {
    Error error;
    policy::PolicyErrors policy;  ///< Not empty: the policy has mistakes, and there is no last good one.
};

/// Runs until SIGTERM or SIGINT, and ends in order: within the policy's drain time.
tl::expected<void, NotRun> run_daemon(const DaemonOptions& options);

}  // namespace reaper::daemon
