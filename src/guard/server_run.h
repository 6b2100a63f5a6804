// One process of the server, from its start to the end of all that it has started: by its keeper, or by
// us where the keeper was killed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "guard/keeper.h"
#include "guard/tree.h"

namespace reaper::guard {

class ServerRun {
  public:
    /// Starts it. What is asked of it is in the Report that comes.
    static Result<ServerRun> start(const Launch& launch, ServerPipes& pipes, MonotonicTime now);

    [[nodiscard]] int fd() const { return keeper_.gone() ? -1 : keeper_.fd(); }
    [[nodiscard]] pid_t keeper_pid() const { return keeper_.pid(); }
    [[nodiscard]] MonotonicTime started() const { return started_; }
    [[nodiscard]] const std::optional<ProcessId>& server() const { return server_; }

    /// Reads what the keeper tells, and does what is due where it is gone.
    void step(MonotonicTime now);
    /// A child of ours has ended (as of waitpid(2)): the keeper, or what was the keeper's.
    void child_ended(pid_t pid, int status);
    /// When step() wants to be called, if not before.
    [[nodiscard]] std::optional<MonotonicTime> due() const { return due_; }

    void end(Ending::From from, MonotonicTime now);

    /// It could not be started: the errno.
    [[nodiscard]] std::optional<int> not_started() const { return not_started_; }
    /// How the server process has ended, once it has.
    [[nodiscard]] std::optional<int> status() const { return status_; }
    [[nodiscard]] std::uint64_t peak_memory_kib() const { return peak_memory_kib_; }
    [[nodiscard]] std::uint64_t cpu_ms() const { return cpu_ms_; }
    [[nodiscard]] bool keeper_killed() const { return orphans_.has_value(); }
    /// Nothing of it is left, but for what is spared.
    [[nodiscard]] bool over() const { return over_; }

  private:
    ServerRun(Keeper keeper, const Launch& launch, MonotonicTime now)
        : keeper_(std::move(keeper)), times_(launch.times), clients_(launch.clients), started_(now) {}

    Keeper keeper_;
    EndTimes times_;
    std::vector<std::string> clients_;
    MonotonicTime started_;
    std::optional<ProcessId> server_;
    std::optional<int> not_started_;
    std::optional<int> status_;
    std::uint64_t peak_memory_kib_ = 0;
    std::uint64_t cpu_ms_ = 0;
    std::optional<int> keeper_status_;
    std::optional<ProcessTree> orphans_;  ///< What a killed keeper has left us.
    std::optional<Ending> ending_;
    std::optional<MonotonicTime> due_;
    bool over_ = false;
};

}  // namespace reaper::guard
