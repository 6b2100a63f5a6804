// The texts of /proc that tell what a host allows, read. Pure: users give mounts their names.
//
// Internal to enforce/, but for Capabilities (host_facts.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/units.h"

namespace reaper::enforce {

/// The effective capabilities that matter (capabilities(7)).
struct Capabilities {
    bool kill = false;             ///< CAP_KILL: signal other users' processes.
    bool sys_ptrace = false;       ///< CAP_SYS_PTRACE: look at their descriptors.
    bool dac_read_search = false;  ///< CAP_DAC_READ_SEARCH: read their links in /proc.
    bool net_admin = false;        ///< CAP_NET_ADMIN: the process connector.
};

/// CapEff of /proc/PID/status.
std::optional<Capabilities> parse_capabilities(std::string_view status);
/// The hidepid option of what is mounted on /proc last, of /proc/self/mountinfo; "0" without one.
std::string parse_hidepid(std::string_view mountinfo);
/// SwapTotal of /proc/meminfo.
std::optional<Bytes> parse_swap(std::string_view meminfo);
/// /proc/sys/kernel/yama/ptrace_scope
std::optional<int> parse_ptrace_scope(std::string_view text);

}  // namespace reaper::enforce
