// Tells when the host is short of memory: a trigger on /proc/pressure/memory
// (Documentation/accounting/psi.rst).
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <string>

#include "base/result.h"
#include "base/units.h"

namespace reaper::daemon {

class PressureWatch {
  public:
    using Pressed = std::function<void()>;

    PressureWatch(boost::asio::io_context& loop, Pressed pressed)
        : trigger_(loop), pressed_(std::move(pressed)) {}
    PressureWatch(const PressureWatch&) = delete;
    PressureWatch& operator=(const PressureWatch&) = delete;

    /// From now on when some task has waited for memory for that share of a window of two seconds; at
    /// most once a window. Takes the place of what was watched before. An Error where the kernel has no
    /// PSI or refuses a trigger.
    Result<void> watch(CpuPercent stall, const std::string& file = "/proc/pressure/memory");
    void stop();

  private:
    void wait();

    boost::asio::posix::stream_descriptor trigger_;
    Pressed pressed_;
};

}  // namespace reaper::daemon
