#include "held.h"

#include <algorithm>

#include "processes.h"

namespace reaper::integration {

void Held::add(const std::set<pid_t>& pids) {
    for (const pid_t pid : pids) {
        if (UniqueFd process = open_process(pid)) processes_.insert_or_assign(pid, std::move(process));
    }
}

std::set<pid_t> Held::left_after(std::chrono::milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    std::set<pid_t> left;
    for (const auto& [pid, process] : processes_) {
        const auto more = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        if (!await_exit(process, std::max(more, std::chrono::milliseconds(0)))) left.insert(pid);
    }
    return left;
}

}  // namespace reaper::integration
