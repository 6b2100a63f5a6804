#include "guard/admission.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <csignal>

#include "base/directory.h"
#include "enforce/process_handle.h"

namespace reaper::guard {

Admission::Admission(const Task& task, ProcessId self, std::optional<ProcessId> client)
    : task_(task), self_(self), client_(client ? client->text() : "") {}

bool Admission::counts(const Neighbour& neighbour) const {
    if (neighbour.parked || neighbour.type != task_.type) return false;
    return task_.among != Among::client || neighbour.client == client_;
}

Admission::Answer Admission::ask(std::int64_t wall_now) {
    const bool unlimited = !task_.limit || task_.type.empty() || task_.runtime.empty() ||
                           task_.settings.at_limit == AtLimit::allow;
    if (unlimited) return Answer::admitted;
    const std::string directory = guards_directory(task_.runtime);
    // Where nobody can be counted nobody is refused.
    if (!make_directory(directory)) return Answer::admitted;
    lock_ = UniqueFd(
        ::open((directory + "/.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock_) return Answer::admitted;
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
        lock_.close();
        return Answer::wait;
    }
    std::vector<Neighbour> others = neighbours(task_.runtime, self_);
    std::erase_if(others, [&](const Neighbour& other) { return !counts(other); });
    if (others.size() < *task_.limit) return Answer::admitted;
    lock_.close();
    const bool one = others.size() == 1;
    why_ = (one ? "there is " : "there are ") + std::to_string(others.size()) +
           (one ? " server" : " servers") + " of type '" + task_.type + "' already" +
           (task_.among == Among::client ? " of this client" : "") + ", and the policy allows " +
           std::to_string(*task_.limit) + " (limits.max_instances_per_type)";
    if (task_.settings.at_limit == AtLimit::refuse) return Answer::refused;
    if (ask_idle(others, wall_now)) return Answer::wait;
    why_ += "; none of them is idle";
    return Answer::refused;
}

/// Whoever was asked may need a moment: as long as it seems idle nobody else is.
bool Admission::ask_idle(const std::vector<Neighbour>& others, std::int64_t wall_now) {
    const Neighbour* best = nullptr;
    for (const Neighbour& other : others) {
        const bool idle =
            !other.asked && wall_now - other.last_message_ms >= task_.settings.idle.count();
        if (!idle) continue;
        if (asked_.contains(other.guard.pid)) return true;
        if (best == nullptr || other.last_message_ms < best->last_message_ms) best = &other;
    }
    if (best == nullptr) return false;
    const auto handle = enforce::ProcessHandle::open(best->guard);
    asked_.insert(best->guard.pid);
    return !handle || handle->signal(SIGUSR2).has_value();
}

}  // namespace reaper::guard
