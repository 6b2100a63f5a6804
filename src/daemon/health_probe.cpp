#include "daemon/health_probe.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <optional>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.

namespace reaper::daemon {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Code = boost::system::error_code;

constexpr std::size_t kMaxHead = 64 * 1024;

std::string in_words(std::chrono::milliseconds time) {
    const auto count = time.count();
    return count % 1000 == 0 ? std::to_string(count / 1000) + " s" : std::to_string(count) + " ms";
}

tcp::endpoint endpoint_of(const HealthAddress& address) {
    if (address.v6) return {asio::ip::address_v6::loopback(), address.port};
    return {asio::ip::address_v4::loopback(), address.port};
}

class Probe : public HealthProbe, public std::enable_shared_from_this<Probe> {
  public:
    Probe(asio::io_context& loop, const HealthAddress& address, std::chrono::milliseconds timeout,
          Done done)
        : address_(address), timeout_(timeout), done_(std::move(done)), socket_(loop), timer_(loop) {
        parser_.header_limit(kMaxHead);
    }

    void start() {
        timer_.expires_after(timeout_);
        timer_.async_wait([self = shared_from_this()](const Code& code) {
            if (!code) self->finish("no answer within " + in_words(self->timeout_));
        });
        socket_.async_connect(endpoint_of(address_), [self = shared_from_this()](const Code& code) {
            if (code) return self->fail(code);
            self->write();
        });
    }

    void cancel() override {
        done_ = nullptr;
        close();
    }

  private:
    void write() {
        request_.method(http::verb::get);
        request_.version(11);
        request_.target(address_.target);
        request_.set(http::field::host, address_.host);
        request_.set(http::field::user_agent, "mcp-reaper");
        request_.set(http::field::accept, "*/*");
        request_.keep_alive(false);
        http::async_write(socket_, request_,
                          [self = shared_from_this()](const Code& code, std::size_t /*bytes*/) {
                              // One that answers before it has read all says no less than others.
                              if (code == asio::error::operation_aborted) return;
                              self->read();
                          });
    }

    void read() {
        http::async_read_header(socket_, buffer_, parser_,
                                [self = shared_from_this()](const Code& code, std::size_t /*bytes*/) {
                                    if (code) return self->fail(code);
                                    self->judge(self->parser_.get().result_int());
                                });
    }

    void judge(unsigned status) {
        const bool good = status >= 200 && status < 400;
        finish(good ? std::string{} : "HTTP status " + std::to_string(status));
    }

    void fail(const Code& code) {
        if (code == asio::error::connection_refused) return finish("connection refused");
        if (code == asio::error::connection_reset || code == asio::error::broken_pipe)
            return finish("connection reset");
        if (code == http::error::end_of_stream || code == http::error::partial_message)
            return finish("connection closed without an answer");
        finish("no answer in HTTP (" + code.message() + ")");
    }

    void finish(std::string why) {
        if (!done_) return;
        const Done done = std::move(done_);
        done_ = nullptr;
        close();
        if (!why.empty()) why += " on port " + std::to_string(address_.port);
        done(std::move(why));
    }

    void close() {
        timer_.cancel();
        Code ignored;
        socket_.close(ignored);
    }

    HealthAddress address_;
    std::chrono::milliseconds timeout_;
    Done done_;
    tcp::socket socket_;
    asio::steady_timer timer_;
    http::request<http::empty_body> request_;
    boost::beast::flat_buffer buffer_{kMaxHead};
    http::response_parser<http::empty_body> parser_;
};

}  // namespace

std::shared_ptr<HealthProbe> ask_health(asio::io_context& loop, const HealthAddress& address,
                                        std::chrono::milliseconds timeout, HealthProbe::Done done) {
    auto probe = std::make_shared<Probe>(loop, address, timeout, std::move(done));
    probe->start();
    return probe;
}

}  // namespace reaper::daemon
