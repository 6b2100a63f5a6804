// What the sessions of a control server share.
//
// Internal to daemon/control_*.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <set>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.

#include "daemon/control_server.h"
#include "daemon/peer_limits.h"

namespace reaper::daemon {

class ControlSession;

class ControlServer::Core : public std::enable_shared_from_this<ControlServer::Core> {
  public:
    using Socket = boost::asio::local::stream_protocol::socket;

    Core(boost::asio::io_context& loop_, ControlSocket socket, ControlBackend& backend_,
         ControlOptions options_);

    void start();
    void stop();
    /// A session that is over. `dropped`: it was we who had enough of it.
    void forget(const std::shared_ptr<ControlSession>& session, const Peer& peer, bool dropped);

    boost::asio::io_context& loop;
    ControlBackend& backend;
    const ControlOptions options;
    PeerLimits limits;
    ControlFigures counts;

  private:
    void accept();
    void accept_after(std::chrono::milliseconds pause);
    void welcome(Socket socket);
    void refuse(Socket& socket, const Refusal& refusal);
    void trouble(const std::string& why);

    std::optional<ControlSocket> socket_;
    boost::asio::local::stream_protocol::acceptor acceptor_;
    boost::asio::steady_timer pause_;
    std::set<std::shared_ptr<ControlSession>> sessions_;
    bool in_trouble_ = false;
    bool stopped_ = false;
};

}  // namespace reaper::daemon
