#include "daemon/control_session.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <utility>

#include "daemon/control_answers.h"

namespace reaper::daemon {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

/// What is read at once; a header has to fit into it.
constexpr std::size_t kBuffer = 64 * 1024;
/// What somebody may still send of a request that was refused, so that they get to read why.
constexpr std::size_t kMostUnwanted = 16 * 1024 * 1024;
constexpr std::chrono::seconds kLinger{2};

Refusal refusal_of(const error_code& error) {
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
        return {431, "the header of the request is too long", "", {}, {}};
    if (error == http::error::body_limit)
        return {413, "the body of the request is too long", "", {}, {}};
    return {400, "this is not HTTP/1.1: " + error.message(), "", {}, {}};
}

}  // namespace

ControlSession::ControlSession(std::shared_ptr<ControlServer::Core> core,
                               ControlServer::Core::Socket socket, const Peer& peer)
    : core_(std::move(core)),
      socket_(std::move(socket)),
      peer_(peer),
      buffer_(kBuffer),
      deadline_(core_->loop),
      lifetime_(core_->loop) {}

void ControlSession::start() {
    lifetime_.expires_after(core_->options.bounds.lifetime);
    lifetime_.async_wait([self = shared_from_this()](error_code error) {
        if (error || self->closed_) return;
        self->keep_alive_ = false;
        if (const auto feed = self->feed_) return feed->finish();
        self->close(true);
    });
    wait_for_request();
}

void ControlSession::close(bool dropped) {
    if (std::exchange(closed_, true)) return;
    deadline_.cancel();
    lifetime_.cancel();
    // It keeps us for the sake of our socket: who holds whom ends here.
    if (const auto feed = std::exchange(feed_, nullptr)) feed->stop();
    error_code ignored;
    socket_.close(ignored);
    // Who only comes and goes asks too: otherwise that would be free.
    if (requests_ == 0)
        static_cast<void>(core_->limits.request(peer_.uid, core_->options.steady_time()));
    core_->forget(shared_from_this(), peer_, dropped);
}

/// From now on so much time for what is under way; then the connection is dropped.
void ControlSession::allow(std::chrono::milliseconds time) {
    deadline_.expires_after(time);
    deadline_.async_wait([self = shared_from_this()](error_code error) {
        // One that was about to be called when it was set anew is not the one that counts.
        if (error || self->deadline_.expiry() > std::chrono::steady_clock::now()) return;
        self->close(true);
    });
}

void ControlSession::wait_for_request() {
    if (buffer_.size() > 0) return read_header();
    allow(core_->options.bounds.idle);
    socket_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](error_code error) {
        if (self->closed_) return;
        if (error) return self->close(false);
        self->read_header();
    });
}

void ControlSession::read_header() {
    parser_.emplace();
    parser_->header_limit(core_->options.bounds.header_bytes);
    parser_->body_limit(core_->options.bounds.body_bytes);
    allow(core_->options.bounds.request);
    http::async_read_header(socket_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, std::size_t) {
                                if (self->closed_) return;
                                if (error) return self->cannot_read(error);
                                self->promise_to_read();
                            });
}

/// Clients that send much ask first whether they may (RFC 9110, 10.1.1).
void ControlSession::promise_to_read() {
    if (parser_->is_done() || parser_->get()[http::field::expect] != "100-continue") return read_body();
    writing_ = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(socket_, asio::buffer(writing_),
                      [self = shared_from_this()](error_code error, std::size_t) {
                          if (self->closed_) return;
                          if (error) return self->close(false);
                          self->read_body();
                      });
}

void ControlSession::read_body() {
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                         if (self->closed_) return;
                         if (error) return self->cannot_read(error);
                         self->handle();
                     });
}

void ControlSession::cannot_read(const error_code& error) {
    const bool is_http = error.category() == http::make_error_code(http::error::bad_method).category();
    if (!is_http || error == http::error::end_of_stream || error == http::error::partial_message)
        return close(false);
    ++requests_;
    half_read_ = true;
    // One that cannot be read is one: else those would be free.
    if (const auto refusal = core_->limits.request(peer_.uid, core_->options.steady_time()))
        return refuse(*refusal);
    refuse(refusal_of(error));
}

void ControlSession::handle() {
    // Not only cancelled: a call of its time's end may be under way already, and asks when that was.
    deadline_.expires_at(std::chrono::steady_clock::time_point::max());
    ++requests_;
    ++core_->counts.requests;
    const auto& request = parser_->get();
    keep_alive_ = request.keep_alive();
    if (const auto refusal = core_->limits.request(peer_.uid, core_->options.steady_time()))
        return refuse(*refusal);
    const auto method = request.method_string();
    const auto target = request.target();
    const auto call = route({method.data(), method.size()}, {target.data(), target.size()}, peer_);
    if (!call) {
        if (call.error().status == 403) ++core_->counts.refused;
        return send(answer_of(call.error()));
    }
    if (call->endpoint == Endpoint::events && request.method() == http::verb::get) {
        const auto query = events_query(*call);
        if (query && query->follow) return follow(*query);
    }
    find_answer(*call, peer_, request.body(),
                {core_->backend, core_->counts, core_->options.wall_time()},
                [weak = weak_from_this()](const Answer& answer) {
                    if (const auto self = weak.lock()) self->send(answer);
                });
}

void ControlSession::follow(const EventsQuery& query) {
    const bool chunked = parser_->get().version() >= 11;
    feed_ = std::make_shared<EventFeed>(
        core_, std::shared_ptr<ControlServer::Core::Socket>(shared_from_this(), &socket_), peer_,
        chunked, [weak = weak_from_this()](bool dropped) {
            if (const auto self = weak.lock()) self->close(dropped);
        });
    watch_for_end();
    feed_->start(query.after);
}

/// A reader has nothing more to say: whatever comes is the end, or no HTTP.
void ControlSession::watch_for_end() {
    socket_.async_read_some(asio::buffer(unwanted_),
                            [self = shared_from_this()](error_code, std::size_t) {
                                if (!self->closed_) self->close(false);
                            });
}

/// An answer after which the connection ends.
void ControlSession::refuse(const Refusal& refusal) {
    ++core_->counts.refused;
    keep_alive_ = false;
    send(answer_of(refusal));
}

void ControlSession::send(const Answer& answer) {
    if (closed_) return;
    const bool head = parser_->is_header_done() && parser_->get().method() == http::verb::head;
    writing_ = to_text(answer, keep_alive_, head);
    parser_.reset();
    allow(core_->options.bounds.answer);
    asio::async_write(socket_, asio::buffer(writing_),
                      [self = shared_from_this()](error_code error, std::size_t) {
                          if (self->closed_) return;
                          if (error) return self->close(false);
                          self->sent();
                      });
}

void ControlSession::sent() {
    deadline_.cancel();
    writing_ = std::string();
    if (keep_alive_) return wait_for_request();
    error_code ignored;
    socket_.shutdown(asio::socket_base::shutdown_send, ignored);
    if (!half_read_) return close(false);
    allow(kLinger);
    linger();
}

/// Closed while something is unread, the client would see a broken connection in place of the answer.
void ControlSession::linger() {
    socket_.async_read_some(asio::buffer(unwanted_),
                            [self = shared_from_this()](error_code error, std::size_t bytes) {
                                if (self->closed_) return;
                                self->unwanted_bytes_ += bytes;
                                if (error || self->unwanted_bytes_ > kMostUnwanted)
                                    return self->close(false);
                                self->linger();
                            });
}

}  // namespace reaper::daemon
