// What is kept of a server that failed: one file each, redacted, the last 50 of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process_id.h"
#include "base/result.h"

namespace reaper::guard {

inline constexpr std::size_t kCrashReports = 50;

struct CrashReport {
    std::string name;
    std::string type;
    std::vector<std::string> command;
    ProcessId guard;
    std::optional<ProcessId> server;
    std::string_view phase;     ///< "start", "running", "hang"
    std::string what;           ///< "it was ended by signal 9 (SIGKILL)"
    std::optional<int> status;  ///< As of waitpid(2).
    std::int64_t uptime_ms = 0;
    unsigned restarts = 0;
    std::uint64_t peak_memory_kib = 0;
    std::uint64_t cpu_ms = 0;
    std::string errors;   ///< The last of its stderr.
    std::string meaning;  ///< Empty where nothing can be said.
    std::string next;     ///< What was done about it.
};

/// The directory of all reports.
std::string crashes_directory(const std::string& state);

/// Writes it; its id, which is its file's name without the ending, and sorts by time.
Result<std::string> store_crash(const std::string& state, const CrashReport& report);

}  // namespace reaper::guard
