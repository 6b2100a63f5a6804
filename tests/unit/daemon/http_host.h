// A small HTTP server on a loopback port of its own, that answers as badly as a test wants.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>  // Boost 1.74 with g++ 12: before anything of Asio.
#include <vector>

namespace reaper::test {

/// What it does with a connection.
struct Manners {
    std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";  ///< Empty: none ever.
    std::chrono::milliseconds after{0};
    bool byte_by_byte = false;  ///< One each 20 ms.
    bool reset = false;         ///< RST in place of an answer.
    bool close = false;         ///< End of file in place of an answer.
};

class HttpHost {
  public:
    explicit HttpHost(boost::asio::io_context& loop, Manners manners = {})
        : loop_(loop),
          acceptor_(loop, {boost::asio::ip::address_v4::loopback(), 0}),
          manners_(std::move(manners)) {
        accept();
    }

    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    [[nodiscard]] std::string socket() const { return "tcp 127.0.0.1:" + std::to_string(port()); }
    [[nodiscard]] unsigned connections() const { return connections_; }
    [[nodiscard]] unsigned most_at_once() const { return most_at_once_; }
    /// The first request's bytes.
    [[nodiscard]] const std::string& request() const { return request_; }
    void behave(Manners manners) { manners_ = std::move(manners); }

  private:
    struct Connection {
        explicit Connection(boost::asio::ip::tcp::socket of)
            : socket(std::move(of)), timer(socket.get_executor()) {}
        boost::asio::ip::tcp::socket socket;
        boost::asio::steady_timer timer;
        std::array<char, 4096> buffer{};
        std::string answer;
        std::size_t sent = 0;
    };
    using Ours = std::shared_ptr<Connection>;

    void accept() {
        acceptor_.async_accept([this](const auto& code, boost::asio::ip::tcp::socket socket) {
            if (code) return;
            ++connections_;
            most_at_once_ = std::max(most_at_once_, ++open_);
            const auto one = std::make_shared<Connection>(std::move(socket));
            one->answer = manners_.answer;
            one->socket.async_read_some(boost::asio::buffer(one->buffer),
                                        [this, one](const auto& error, std::size_t bytes) {
                                            if (error) return gone();
                                            if (request_.empty())
                                                request_.assign(one->buffer.data(), bytes);
                                            answer(one);
                                        });
            accept();
        });
    }

    void answer(const Ours& one) {
        if (manners_.reset) {
            const linger at_once{1, 0};
            ::setsockopt(one->socket.native_handle(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        if (manners_.reset || manners_.close) {
            one->socket.close();
            return gone();
        }
        if (one->answer.empty()) return wait_for_end(one);
        one->timer.expires_after(manners_.after);
        one->timer.async_wait([this, one](const auto&) { send(one); });
    }

    void send(const Ours& one) {
        const std::size_t size = manners_.byte_by_byte ? 1 : one->answer.size();
        boost::asio::async_write(one->socket, boost::asio::buffer(one->answer.data() + one->sent, size),
                                 [this, one](const auto& code, std::size_t bytes) {
                                     if (code) return gone();
                                     one->sent += bytes;
                                     if (one->sent == one->answer.size()) return wait_for_end(one);
                                     one->timer.expires_after(std::chrono::milliseconds(20));
                                     one->timer.async_wait([this, one](const auto&) { send(one); });
                                 });
    }

    void wait_for_end(const Ours& one) {
        one->socket.async_read_some(boost::asio::buffer(one->buffer),
                                    [this, one](const auto&, std::size_t) { gone(); });
    }

    void gone() { --open_; }

    boost::asio::io_context& loop_;
    boost::asio::ip::tcp::acceptor acceptor_;
    Manners manners_;
    std::string request_;
    unsigned connections_ = 0;
    unsigned open_ = 0;
    unsigned most_at_once_ = 0;
};

}  // namespace reaper::test
