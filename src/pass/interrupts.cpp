#include "pass/interrupts.h"

#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>

namespace reaper::pass {

Result<Interrupts> Interrupts::block() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
    if (::sigprocmask(SIG_BLOCK, &signals, nullptr) != 0) return fail_errno("block signals", "", errno);
    UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd) return fail_errno("watch for signals", "", errno);
    return Interrupts(std::move(fd));
}

std::optional<int> Interrupts::wait_until(MonotonicTime moment) const {
    for (;;) {
        const auto left = std::max(moment - now(), std::chrono::milliseconds(0));
        const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
        const timespec timeout{seconds.count(), std::chrono::nanoseconds(left - seconds).count()};
        pollfd waiting{fd_.get(), POLLIN, 0};
        const int ready = ::ppoll(&waiting, 1, &timeout, nullptr);
        if (ready == 0) return std::nullopt;
        signalfd_siginfo info{};
        if (ready > 0 && ::read(fd_.get(), &info, sizeof info) == sizeof info) {
            return static_cast<int>(info.ssi_signo);
        }
    }
}

MonotonicTime now() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now());
}

}  // namespace reaper::pass
