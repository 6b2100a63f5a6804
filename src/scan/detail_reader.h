// Reads the details of single processes for one sample.
//
// Internal to scan/.
#pragma once

#include "base/result.h"
#include "scan/channel_probe.h"
#include "scan/detail_selection.h"
#include "scan/sample.h"
#include "scan/sock_diag.h"
#include "scan/socket_table.h"
#include "scan/systemd_units.h"

namespace reaper::scan {

class DetailReader {
  public:
    /// Sets the detail of `process`, and reads its command line once more, so that the two belong
    /// together: between the table and now it may have become another program. What may not be read
    /// is absent. A process that has become a zombie meanwhile is one in the sample too; fails with
    /// says_gone() where there is nothing left.
    Result<void> read(Process& process, Look look);

  private:
    [[nodiscard]] Result<ProcessDetail> detail_of(const ProcessDir& dir, Look look);

    SockDiag diag_;
    SocketTable sockets_{diag_};
    ChannelProbe probe_{diag_, sockets_};
    SystemdUnits units_;
};

}  // namespace reaper::scan
