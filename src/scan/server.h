// A server: one MCP server instance with all its processes and the evidence about it
// (docs/architecture.md).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/process_id.h"
#include "base/units.h"
#include "classify/classification.h"
#include "scan/channel.h"

namespace reaper::scan {

/// The program that uses a server, and how that is known.
struct Client {
    enum class Source {
        socket,    ///< Made the socket pair of the server's stdin (SO_PEERCRED).
        ancestry,  ///< The nearest ancestor that can be one.
    };
    pid_t pid = 0;
    std::optional<ProcessId> id;  ///< Absent where the process is gone.
    std::string name;             ///< "claude", "codex", or its comm; empty where it is gone.
    bool alive = false;
    bool known = false;  ///< A known client program, not just any ancestor.
    Source source = Source::ancestry;
};

struct Usage {
    std::optional<CpuPercent> cpu;  ///< Over the window between two samples; absent with one sample.
    Bytes memory;                   ///< Anonymous resident plus swapped: what killing it gives back.
    Bytes resident;                 ///< RSS, shared pages counted many times.
    Ticks cpu_time{0};              ///< Of all its living processes so far.
    std::chrono::seconds age{0};    ///< Of its oldest process, on the boot clock.
    unsigned processes = 0;
    unsigned threads = 0;
    bool memory_is_complete =
        true;  ///< False where a process's memory could not be read (RSS stands in).
};

/// One process of a server.
struct Member {
    enum class Part { launcher, server, helper };
    ProcessId id;
    pid_t parent = 0;
    Part part = Part::helper;
    classify::LauncherKind launcher = classify::LauncherKind::none;
    bool zombie = false;
    uid_t uid = 0;
    std::string comm;
};

struct Server {
    ProcessId id;  ///< Of the server process; of the topmost launcher while there is no server process.
    std::string type;
    classify::TypeSource type_source = classify::TypeSource::none;
    std::string rule;      ///< What decided on the type, for people.
    std::string launcher;  ///< "npm exec", "uvx", "docker run"; empty for a bare server.
    classify::LauncherKind launcher_kind =
        classify::LauncherKind::none;    ///< The strictest in the chain.
    std::string program;                 ///< The program slot of the process that named the type.
    std::uint64_t arguments_digest = 0;  ///< Same program and arguments: same digest. For `superseded`.
    uid_t uid = 0;
    std::optional<ProcessId> server_process;
    std::vector<Member> members;  ///< Launchers from the top, the server process, then helpers by pid.

    Channel channel = Channel::unknown;
    ChannelEnd in;  ///< The end that decided, see Channel.
    ChannelEnd out;
    std::optional<bool> standalone;  ///< Absent: unknown, so keep.
    std::string standalone_why;      ///< "listens on tcp 127.0.0.1:8931", "main process of x.service".
    bool unit_main = false;          ///< Holds a systemd unit's main process: never signalled.
    std::optional<Client> client;
    std::string cgroup;
    Usage usage;
    /// A protected process among its own (an agent, a terminal multiplexer): it is only reported.
    std::string contains_protected;  ///< "claude (pid 4711)"; empty where there is none.

    [[nodiscard]] bool suspected() const { return type_source == classify::TypeSource::structure; }
    /// Channel open or unknown, or standalone, or that not to be told. A server whose stdin is a live
    /// terminal is in use too: a person may be typing to it.
    [[nodiscard]] bool in_use() const;
    /// docs/architecture.md: a closed channel, and certainly not standalone.
    [[nodiscard]] bool orphan() const {
        return channel == Channel::closed && standalone.has_value() && !*standalone;
    }
    [[nodiscard]] unsigned zombies() const;
};

}  // namespace reaper::scan
