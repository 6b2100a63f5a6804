// What a guard tells of itself while it runs: one small file each in RUNTIME/guards, whole or not at
// all, readable by its user only (`mcp-reaper guards`, and other guards that count themselves).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process_id.h"
#include "base/result.h"
#include "base/units.h"
#include "guard/exchanges.h"
#include "guard/relay.h"
#include "guard/task.h"

namespace reaper::guard {

/// A moment of people's time, in milliseconds since 1970.
std::int64_t wall_ms();

/// What is told. Redacted.
struct Record {
    ProcessId guard;
    std::string name;
    std::string type;
    std::string command;
    std::string_view state;     ///< "running", "restarting", "resting", "parked", "refused", "ending"
    std::int64_t since_ms = 0;  ///< wall_ms() of the guard's start.
    std::optional<ProcessId> client;
    std::optional<ProcessId> server;
    std::int64_t server_since_ms = 0;
    unsigned restarts = 0;
    std::string_view breaker;
    std::int64_t next_start_ms = 0;  ///< restarting, resting; else 0.
    std::string revision;
    Relay::Counts counts;
    std::size_t unanswered = 0;
    Exchanges::Latency latency;
    std::int64_t last_message_ms = 0;
    std::string last_crash;  ///< Id of its report; empty: none.
    std::string log;         ///< File of the server's stderr; empty: none.
};

std::string to_json(const Record& record);

/// The directory of all these files.
std::string guards_directory(const std::string& runtime);
std::string record_file(const std::string& runtime, ProcessId guard);

/// Of another guard that runs, what is needed to count it.
struct Neighbour {
    ProcessId guard;
    std::string type;
    std::string client;  ///< ProcessId::text(); empty: not known.
    bool parked = false;
    bool asked = false;  ///< Something is unanswered.
    std::int64_t last_message_ms = 0;
};

/// All other guards of this user that run. Files of those that do not are removed.
std::vector<Neighbour> neighbours(const std::string& runtime, ProcessId self);

}  // namespace reaper::guard
