// A sample: what was read of the host at one moment, before anything is concluded from it.
//
// The scanner makes it, `record` stores it (redacted), `assemble` turns it into a Snapshot. Whatever
// could not be read is absent, never guessed: absent evidence means keep.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "classify/classification.h"
#include "scan/channel.h"

namespace reaper::classify {
class Classifier;
}

namespace reaper::scan {

/// What a process was found to be by its command line and surroundings, and by whom, so that it need not
/// be found once more. A note beside the value, and no part of it: not recorded, not compared.
struct ClassNote {
    const classify::Classifier* by = nullptr;
    std::shared_ptr<const classify::Classification> what;

    bool operator==(const ClassNote&) const { return true; }
};

/// What is read only of processes that may have to do with a server.
struct ProcessDetail {
    std::string exe;                ///< Target of /proc/PID/exe; empty where it may not be read.
    std::string cwd;                ///< Target of /proc/PID/cwd; likewise.
    std::string cgroup;             ///< Path in the unified hierarchy or, without one, in name=systemd.
    std::optional<ChannelEnd> in;   ///< fd 0. Absent: not looked at. EndKind::unknown: may not look.
    std::optional<ChannelEnd> out;  ///< fd 1.
    /// fd 3 and fd 4 of a browser that is controlled over them (--remote-debugging-pipe); absent for
    /// every other process.
    std::optional<ChannelEnd> debug_in;
    std::optional<ChannelEnd> debug_out;
    std::optional<Bytes> anonymous;  ///< /proc/PID/statm: resident minus shared.
    std::optional<Bytes> swapped;    ///< /proc/PID/status: VmSwap.
    /// Sockets this process itself listens on in its own network namespace ("tcp 127.0.0.1:8931",
    /// "unix /run/x.sock"). Absent: may not be told.
    std::optional<std::vector<std::string>> listening;
    /// The systemd unit whose main process this is; "" where it is none; absent where it cannot be told.
    std::optional<std::string> main_of_unit;

    bool operator==(const ProcessDetail&) const = default;
};

struct Process {
    ProcessId id;
    pid_t parent = 0;
    pid_t session = 0;
    uid_t uid = 0;     ///< Owner of /proc/PID: root for a process that may not be dumped.
    char state = '?';  ///< proc(5): R S D Z T t X I.
    bool kernel_thread = false;
    std::string comm;     ///< Up to 15 bytes of anything.
    std::string cmdline;  ///< Raw bytes of /proc/PID/cmdline, cut at classify::kMaxCommandLineBytes.
    unsigned threads = 0;
    Ticks cpu_time{0};  ///< User and system time so far.
    Bytes resident;     ///< RSS: overstates what a kill gives back, about three times (shared pages).
    std::optional<ProcessDetail> detail;
    ClassNote noted;  ///< Where a collector (collector.h) has found it out before.

    [[nodiscard]] bool zombie() const { return state == 'Z' || state == 'X'; }
    bool operator==(const Process&) const = default;
};

/// Who looked: an ordinary user sees less and is told so.
struct Viewer {
    uid_t uid = 0;
    bool sees_everything = true;  ///< May read descriptors of every process (root).
    pid_t self = 0;  ///< The program that looks; 0: not on this host any more (a recording).

    bool operator==(const Viewer&) const = default;
};

struct Sample {
    WallTime taken_at{};
    MonotonicTime monotonic{};
    BootTime since_boot{};
    Viewer viewer;
    std::vector<Process> processes;  ///< Ordered by pid.
    /// How many the host has, where `processes` are only those that have to do with servers.
    std::optional<std::size_t> host_processes;

    bool operator==(const Sample&) const = default;
};

}  // namespace reaper::scan
