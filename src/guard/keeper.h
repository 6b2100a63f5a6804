// The keeper: a small process between the guard and its server, which makes sure that the server ends
// when the guard does, however that happens.
//
//     client ── guard ── keeper ── npm exec ── sh ── node
//
// It is the server's parent and, being a subreaper, stays an ancestor of all that the server ever
// starts: it needs no list to find them. It holds none of the channel's descriptors, heeds no signal,
// and has a session of its own, so that a signal to the client's group does not reach it. It waits, on
// three things:
//  - a child that has ended: collected; the server's status is told to the guard;
//  - an order of the guard: to end the server;
//  - the guard's end (a pidfd): it ends the server, in the specification's order.
// It leaves when nothing is left below it. Should it be killed itself, its children become the guard's,
// which is a subreaper too, notices, and ends them by the same code.
//
// It is a fork of the guard, not a program of its own: the pages that both never write stay shared, and
// it needs nothing that could be missing.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/clocks.h"
#include "base/process_id.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "enforce/process_handle.h"
#include "guard/ending.h"

namespace reaper::guard {

/// What is to be started.
struct Launch {
    std::vector<std::string> command;  ///< Program and arguments.
    std::string path;                  ///< The program, found.
    EndTimes times;
    std::vector<std::string> clients;    ///< As for Spared.
    std::optional<unsigned> open_files;  ///< RLIMIT_NOFILE
    bool ignores_children = false;       ///< SIGCHLD was ignored when we were started.
};

/// Our ends of the server's descriptors 0, 1 and 2; O_NONBLOCK.
struct ServerPipes {
    UniqueFd input;
    UniqueFd output;
    UniqueFd errors;
};

class Keeper {
  public:
    /// What it has to say.
    struct Report {
        enum class What : std::uint8_t { started, not_started, server_ended } what{};
        int value = 0;  ///< errno, or the status as of waitpid(2).
        ProcessId server;
        std::uint64_t peak_memory_kib = 0;  ///< server_ended: of the process itself (ru_maxrss).
        std::uint64_t cpu_ms = 0;  ///< server_ended: user and system, children it waited for too.
    };

    /// Starts the keeper, which starts the server.
    static Result<Keeper> start(const Launch& launch, ServerPipes& pipes);

    /// Readable when there is a report, or the keeper is gone.
    [[nodiscard]] int fd() const { return socket_.get(); }
    [[nodiscard]] pid_t pid() const { return pid_; }
    /// The next report; nothing where there is none now. `gone` where there will be none any more.
    std::optional<Report> report();
    [[nodiscard]] bool gone() const { return gone_; }

    /// To be called when the server's stdin was closed, and to hurry it.
    void end(Ending::From from);

  private:
    Keeper(pid_t pid, UniqueFd socket);
    pid_t pid_;
    std::optional<enforce::ProcessHandle> self_;  ///< Nothing where it has ended already.
    UniqueFd socket_;
    bool gone_ = false;
};

}  // namespace reaper::guard
