#include "daemon/pressure_watch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>

#include "base/unique_fd.h"

namespace reaper::daemon {
namespace {

/// Without CAP_SYS_RESOURCE the kernel takes multiples of two seconds only.
constexpr unsigned kWindowMicroseconds = 2'000'000;

}  // namespace

Result<void> PressureWatch::watch(CpuPercent stall, const std::string& file) {
    stop();
    UniqueFd fd(::open(file.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd) return fail_errno("watch the pressure on memory", file, errno);
    const auto share = static_cast<unsigned>(std::lround(stall.value * kWindowMicroseconds / 100));
    const std::string trigger =
        "some " + std::to_string(share) + ' ' + std::to_string(kWindowMicroseconds);
    // With its NUL, as the kernel wants it.
    if (::write(fd.get(), trigger.c_str(), trigger.size() + 1) < 0) {
        return fail_errno("set a trigger (" + trigger + ") on", file, errno);
    }
    trigger_.assign(fd.release());
    wait();
    return {};
}

void PressureWatch::stop() {
    boost::system::error_code ignored;
    trigger_.close(ignored);
}

void PressureWatch::wait() {
    // A trigger speaks as POLLPRI, and only of that: asio's wait_error is exactly EPOLLPRI | EPOLLERR.
    trigger_.async_wait(boost::asio::posix::stream_descriptor::wait_error,
                        [this](const boost::system::error_code& error) {
                            if (error) return;
                            pressed_();
                            if (trigger_.is_open()) wait();
                        });
}

}  // namespace reaper::daemon
