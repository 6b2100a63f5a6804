// The control API: HTTP/1.1 on the Unix socket, by the credentials of who connects
// (docs/control-api.md).
//
// Lives on one io_context and its one thread, and blocks nowhere. It keeps to ControlBounds whatever it
// is sent; what it cannot read it refuses or drops, and nothing of that reaches the backend.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "base/units.h"
#include "daemon/control_backend.h"
#include "daemon/control_bounds.h"
#include "daemon/control_socket.h"
#include "daemon/metrics.h"

namespace reaper::daemon {

struct ControlOptions {
    ControlBounds bounds;
    uid_t owner = 0;  ///< Whose daemon it is. root's answers everybody, a user's that user and root.
    std::function<WallTime()> wall_time;
    std::function<std::chrono::steady_clock::time_point()> steady_time;
    /// Told once when connections can no longer be taken (no descriptors), and once when they can again.
    std::function<void(const std::string&)> tell;
};

/// The real clocks, nobody told.
ControlOptions usual_control_options(uid_t owner);

class ControlServer {
  public:
    /// Takes connections as soon as the io_context runs. Refers to it and to the backend until stop().
    ControlServer(boost::asio::io_context& loop, ControlSocket socket, ControlBackend& backend,
                  ControlOptions options);
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;
    ~ControlServer();

    /// Closes every connection and removes the socket. Answers that the backend gives later go nowhere.
    void stop();

    [[nodiscard]] ControlFigures figures() const;

    class Core;

  private:
    std::shared_ptr<Core> core_;
};

}  // namespace reaper::daemon
