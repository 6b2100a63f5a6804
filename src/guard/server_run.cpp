#include "guard/server_run.h"

#include <sys/wait.h>
#include <unistd.h>

namespace reaper::guard {

Result<ServerRun> ServerRun::start(const Launch& launch, ServerPipes& pipes, MonotonicTime now) {
    auto keeper = Keeper::start(launch, pipes);
    if (!keeper) return tl::unexpected(keeper.error());
    return ServerRun(std::move(*keeper), launch, now);
}

void ServerRun::step(MonotonicTime now) {
    while (const auto report = keeper_.report()) {
        switch (report->what) {
            case Keeper::Report::What::started:
                server_ = report->server;
                break;
            case Keeper::Report::What::not_started:
                not_started_ = report->value;
                break;
            case Keeper::Report::What::server_ended:
                status_ = report->value;
                peak_memory_kib_ = report->peak_memory_kib;
                cpu_ms_ = report->cpu_ms;
                break;
        }
    }
    // It leaves by itself when nothing is left below it, or nothing was started.
    if (!keeper_.gone() || !keeper_status_ || over_) return;
    const bool left = WIFEXITED(*keeper_status_) && WEXITSTATUS(*keeper_status_) == 0;
    if (left || not_started_) {
        over_ = true;
        return;
    }
    if (!orphans_) {
        orphans_.emplace(::getpid(), server_, clients_);
        end(Ending::From::sigterm, now);
    }
    due_ = ending_->step(*orphans_, now);
    over_ = !due_;
}

void ServerRun::child_ended(pid_t pid, int status) {
    if (pid == keeper_.pid()) keeper_status_ = status;
    if (server_ && pid == server_->pid) status_ = status;
}

void ServerRun::end(Ending::From from, MonotonicTime now) {
    keeper_.end(from);
    if (!orphans_) return;
    if (ending_) {
        ending_->hurry(from, now);
    } else {
        ending_.emplace(times_, from, now);
    }
}

}  // namespace reaper::guard
