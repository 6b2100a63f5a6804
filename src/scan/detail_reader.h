// Reads the details of single processes for one sample.
//
// Internal to scan/.
#pragma once

#include <chrono>
#include <string>

#include "base/result.h"
#include "scan/channel_probe.h"
#include "scan/detail_selection.h"
#include "scan/sample.h"
#include "scan/sock_diag.h"
#include "scan/socket_table.h"
#include "scan/systemd_units.h"

namespace reaper::scan {

/// What of a detail is to be read: not all of it changes equally often, or costs the same.
struct DetailParts {
    bool program = true;  ///< exe, cwd and cgroup.
    bool channel = true;
    bool sockets = true;  ///< What it listens on.
    bool unit = true;
    bool memory = true;  ///< Anonymous memory.
    bool swap = true;

    [[nodiscard]] bool any() const { return program || channel || sockets || unit || memory || swap; }
};

class DetailReader {
  public:
    explicit DetailReader(
        std::chrono::milliseconds patience_with_systemd = std::chrono::milliseconds(500))
        : units_({}, patience_with_systemd) {}

    /// Sets the detail of `process`, and reads its command line once more, so that the two belong
    /// together: between the table and now it may have become another program. What may not be read
    /// is absent. A process that has become a zombie meanwhile is one in the sample too; fails with
    /// says_gone() where there is nothing left.
    Result<void> read(Process& process, Look look);

    /// Reads these parts of what `look` asks for, and leaves the others as they are. `cmdline` tells
    /// whether the process has a debugging pipe. Fails with says_gone() where it is gone or a zombie;
    /// `detail` is then of no use.
    Result<void> refresh(const ProcessDir& dir, Look look, DetailParts parts, std::string_view cmdline,
                         ProcessDetail& detail);

    /// Whether something was not to be told because systemd has not answered in time.
    [[nodiscard]] bool out_of_patience() const { return units_.out_of_patience(); }

  private:
    Result<void> read_channels(const ProcessDir& dir, Look look, std::string_view cmdline,
                               ProcessDetail& detail);

    SockDiag diag_;
    SocketTable sockets_{diag_};
    ChannelProbe probe_{diag_, sockets_};
    SystemdUnits units_;
};

}  // namespace reaper::scan
