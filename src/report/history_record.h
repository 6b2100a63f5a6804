// One action as it is kept: who asked for what, on which evidence, and what it came to. Every text in
// it is redacted and printable; it is made from an order and its outcome, stored, read, told.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "enforce/outcome.h"

namespace reaper::report {

/// What is kept of one process of the server.
struct RecordedMember {
    ProcessId id;
    std::string part;  ///< "launcher", "server", "helper"
    std::string comm;

    bool operator==(const RecordedMember&) const = default;
};

/// No more processes than this are listed of one server; they are counted all the same.
inline constexpr std::size_t kMostListed = 500;

struct RecordedOutcome {
    enforce::Effect effect = enforce::Effect::failed;
    std::string why;
    std::string remedy;
    std::vector<ProcessId> ended;  ///< At most kMostListed.
    std::size_t ended_count = 0;
    std::vector<ProcessId> left;  ///< At most kMostListed.
    std::size_t left_count = 0;
    Bytes freed;
    std::chrono::microseconds took{0};

    bool operator==(const RecordedOutcome&) const = default;
};

struct HistoryRecord {
    std::int64_t id = 0;  ///< Its number in the history; 0 before it is stored.
    WallTime at{};        ///< When it was begun.
    ProcessId recorder;   ///< The process of ours that did it …
    std::string boot;     ///< … in this boot of the host (/proc/sys/kernel/random/boot_id).

    enforce::Deed deed = enforce::Deed::terminate;
    enforce::Origin origin = enforce::Origin::rule;
    bool even_in_use = false;
    std::vector<std::string> rules;
    std::vector<std::string> reasons;
    enforce::CageLimits limits;

    ProcessId server;
    std::string type;
    std::string launcher;
    std::string program;
    uid_t uid = 0;
    std::string client;  ///< Its name; empty where there is none, or it is gone.
    std::optional<pid_t> client_pid;
    std::vector<RecordedMember> members;  ///< At most kMostListed.
    std::size_t processes = 0;
    Bytes memory;
    std::chrono::seconds age{0};
    std::optional<CpuPercent> cpu;
    std::string channel;         ///< "open", "closed", "none", "unknown"
    std::string in;              ///< fd 0: "unix socket, closed (IN|HUP|RDHUP)"
    std::string out;             ///< fd 1
    std::string standalone_why;  ///< Why it is standalone; empty where it is not.

    /// Absent: under way, or interrupted: we ended, or could not write, before it was known.
    std::optional<RecordedOutcome> outcome;
    bool under_way = false;  ///< The process that does it is still there. Set by the reader.

    bool operator==(const HistoryRecord&) const = default;
};

HistoryRecord recorded(const enforce::Order& order);
RecordedOutcome recorded(const enforce::Outcome& outcome);

/// Lists and limits as the JSON that a column holds, and back. What is no such JSON gives what could be
/// read of it: a history that somebody edited must not end the reading.
std::string to_column(const std::vector<std::string>& texts);
std::string to_column(const std::vector<ProcessId>& ids);
std::string to_column(const std::vector<RecordedMember>& members);
std::string to_column(const enforce::CageLimits& limits);
std::vector<std::string> texts_from(const std::string& column);
std::vector<ProcessId> ids_from(const std::string& column);
std::vector<RecordedMember> members_from(const std::string& column);
enforce::CageLimits limits_from(const std::string& column);

}  // namespace reaper::report
