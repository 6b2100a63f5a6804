#include "guard/client_watch.h"

#include <sys/socket.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgot to say so itself
#include <sys/pidfd.h>
}

#include "scan/children.h"

namespace reaper::guard {

ClientWatch ClientWatch::parent() {
    ClientWatch watch;
    const pid_t parent = ::getppid();
    // It may have ended between the two calls, and its pid be another's: then it is not our parent now.
    if (watch.watch(parent) && ::getppid() != parent) watch.stop();
    return watch;
}

bool ClientWatch::watch(pid_t pid) {
    process_.close();
    id_.reset();
    if (pid <= 0) return false;
    process_ = UniqueFd(::pidfd_open(pid, 0));
    if (!process_) return false;
    if (const auto id = scan::identify(pid)) id_ = *id;
    return true;
}

bool ClientWatch::follow_maker(int stdin_fd) {
    const std::optional<ProcessId> was = id_;
    stop();
    ucred maker{};
    socklen_t length = sizeof maker;
    if (::getsockopt(stdin_fd, SOL_SOCKET, SO_PEERCRED, &maker, &length) != 0) return false;
    const bool is_other = maker.pid != ::getpid() && (!was || maker.pid != was->pid);
    if (!is_other || !watch(maker.pid)) return false;
    // Who made the socket pair is older than we are; a younger process has only got its pid.
    const auto self = scan::identify(::getpid());
    if (id_ && self && id_->start <= self->start) return true;
    stop();
    return false;
}

}  // namespace reaper::guard
