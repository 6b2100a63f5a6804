// The texts of /proc/PID, read. Pure: what stands in them is input like any other (a process names
// itself as it likes), so nothing here trusts more than proc(5) promises.
//
// Internal to scan/.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"

namespace reaper::scan {

/// The fields of /proc/PID/stat that tell who a process is.
struct StatText {
    std::string comm;  ///< Any bytes: "foo) Z " is a name.
    char state = '?';
    pid_t parent = 0;
    pid_t session = 0;
    bool kernel_thread = false;
    Ticks cpu_time{0};  ///< User and system time.
    unsigned threads = 0;
    Ticks start{0};
    std::uint64_t resident_pages = 0;
};

/// Splits after the last ')', because the name may hold any. Nothing where it is not a stat line.
std::optional<StatText> parse_stat(std::string_view text);

/// /proc/PID/statm: resident minus shared, in pages.
std::optional<std::uint64_t> parse_statm_anonymous_pages(std::string_view text);

/// The VmSwap line of /proc/PID/status. Absent where there is none (kernel threads, zombies).
std::optional<Bytes> parse_status_swap(std::string_view text);

/// /proc/PID/cgroup: the unified path, unless it is "/" and there is one of name=systemd to say more
/// (hybrid and v1 hosts). Empty where there is neither.
std::string parse_cgroup(std::string_view text);

/// "pipe:[1234]" with prefix "pipe" -> 1234; nothing for anything else.
std::optional<std::uint64_t> inode_of_link(std::string_view target, std::string_view prefix);

}  // namespace reaper::scan
