// One connection to the control server: its requests one after the other, at last perhaps an event
// stream.
//
// Internal to daemon/control_*.
#pragma once

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.

#include "daemon/control_core.h"
#include "daemon/control_routes.h"
#include "daemon/event_feed.h"
#include "daemon/http_text.h"
#include "daemon/peer.h"

namespace reaper::daemon {

class ControlSession : public std::enable_shared_from_this<ControlSession> {
  public:
    ControlSession(std::shared_ptr<ControlServer::Core> core, ControlServer::Core::Socket socket,
                   const Peer& peer);

    void start();
    /// Ends it, whatever is under way; for good.
    void close(bool dropped);

  private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    void wait_for_request();
    void read_header();
    void promise_to_read();
    void read_body();
    void cannot_read(const boost::system::error_code& error);
    void handle();
    void follow(const EventsQuery& query);
    void watch_for_end();
    void refuse(const Refusal& refusal);
    void send(const Answer& answer);
    void sent();
    void linger();
    void allow(std::chrono::milliseconds time);

    std::shared_ptr<ControlServer::Core> core_;
    ControlServer::Core::Socket socket_;
    Peer peer_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    std::string writing_;
    std::array<char, 4096> unwanted_{};
    std::size_t unwanted_bytes_ = 0;
    std::shared_ptr<EventFeed> feed_;
    boost::asio::steady_timer deadline_;
    boost::asio::steady_timer lifetime_;
    std::size_t requests_ = 0;
    bool keep_alive_ = true;
    bool half_read_ = false;  ///< Something of a refused request may still come.
    bool closed_ = false;
};

}  // namespace reaper::daemon
