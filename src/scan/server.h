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

    bool operator==(const Client&) const = default;
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

/// What speaks for processes being all that is left of a server that has ended.
struct LeftOver {
    std::optional<ProcessId> server;  ///< What it was part of; absent where that was never seen.
    std::string proof;                ///< In a sentence.
    bool proven = false;              ///< Otherwise it is only reported, like a suspected server.

    bool operator==(const LeftOver&) const = default;
};

/// A server that does not answer what its type says it must; set by whoever asks it.
struct Unresponsive {
    unsigned failures = 0;  ///< Requests that failed, one after the other.
    std::string why;        ///< Of the last one: "no answer within 5 s from http://127.0.0.1:8931/".

    bool operator==(const Unresponsive&) const = default;
};

struct Server {
    /// Of the server process; of the topmost launcher while there is no server process; of the topmost
    /// process of a left-over.
    ProcessId id;
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
    std::optional<LeftOver>
        left_over;  ///< Its server and launchers have ended: all that is there helps nobody.
    std::vector<Member> members;  ///< Launchers from the top, the server process, then helpers by pid.

    Channel channel = Channel::unknown;
    /// The end that decided, see Channel. Of a left-over: its browser's end of the debugging pipe.
    ChannelEnd in;
    ChannelEnd out;
    std::optional<bool> standalone;  ///< Absent: unknown, so keep.
    std::string standalone_why;      ///< "listens on tcp 127.0.0.1:8931", "main process of x.service".
    /// Sockets it listens on itself, of its helpers where the type says so: "tcp 127.0.0.1:8931".
    std::vector<std::string> listening;
    bool unit_main = false;  ///< Holds a systemd unit's main process: never signalled.
    std::optional<Client> client;
    std::string cgroup;
    Usage usage;
    std::optional<Unresponsive> unresponsive;  ///< Absent: never asked, or it answers.
    /// A protected process among its own (an agent, a terminal multiplexer): it is only reported.
    std::string contains_protected;  ///< "claude (pid 4711)"; empty where there is none.

    [[nodiscard]] bool suspected() const { return type_source == classify::TypeSource::structure; }
    /// Channel open or unknown, or standalone, or that not to be told. A server whose stdin is a live
    /// terminal is in use too: a person may be typing to it. A proven left-over never is.
    [[nodiscard]] bool in_use() const;
    /// docs/architecture.md: a closed channel, and certainly not standalone; or a proven left-over.
    [[nodiscard]] bool orphan() const {
        if (left_over) return left_over->proven;
        return channel == Channel::closed && standalone.has_value() && !*standalone;
    }
    [[nodiscard]] unsigned zombies() const;
};

}  // namespace reaper::scan
