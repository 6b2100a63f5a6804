// An event stream to one reader: a line of JSON an event, a heartbeat where there is none, and an end
// for a reader that falls too far behind.
//
// Internal to daemon/control_*.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.

#include "daemon/control_core.h"
#include "daemon/control_routes.h"
#include "daemon/peer.h"

namespace reaper::daemon {

class EventFeed : public std::enable_shared_from_this<EventFeed> {
  public:
    /// Keeps the socket until nothing is written to it any more. `over` is called once when it can go no
    /// further: true where the reader was too slow.
    EventFeed(std::shared_ptr<ControlServer::Core> core,
              std::shared_ptr<ControlServer::Core::Socket> socket, const Peer& peer, bool chunked,
              std::function<void(bool dropped)> over);

    /// What is kept first, of that the newest where it is more than a reader may be behind.
    void start(const std::string& after);
    /// Nothing more is asked of the backend, and nothing written.
    void stop();
    /// Writes the end of the stream behind what is waiting; then it is over.
    void finish();

  private:
    void take(std::string_view line);
    void push(std::string text);
    void write();
    void written(bool failed);
    void wait_for_heartbeat();
    void wait_for_taking();
    void end(bool dropped);

    std::shared_ptr<ControlServer::Core> core_;
    std::shared_ptr<ControlServer::Core::Socket> socket_;
    Peer peer_;
    bool chunked_;
    std::function<void(bool)> over_;

    std::uint64_t subscription_ = 0;
    bool subscribed_ = false;
    bool catching_up_ = false;
    bool finishing_ = false;
    bool ended_ = false;
    std::deque<std::string> waiting_;
    std::size_t waiting_bytes_ = 0;
    std::string writing_;
    boost::asio::steady_timer heartbeat_;
    boost::asio::steady_timer taking_;
};

}  // namespace reaper::daemon
