#include "cli/daemon_wire.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>

namespace reaper::cli {

namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr const char* kSpeak = "speak with the daemon";
/// As much of an answer as is kept at once: a history of 10,000 actions is smaller.
constexpr std::uint64_t kLongestAnswer = 256 * 1024 * 1024;

}  // namespace

struct DaemonWire::Parser {
    http::response_parser<http::string_body> http;
};

DaemonWire::DaemonWire(int fd, const pass::Interrupts* interrupts)
    : fd_(fd), interrupts_(interrupts), parser_(std::make_unique<Parser>()) {
    parser_->http.eager(true);
    parser_->http.body_limit(kLongestAnswer);
}

DaemonWire::~DaemonWire() = default;

Result<void> DaemonWire::wait_for(short events) const {
    for (;;) {
        const auto left = std::max(deadline_ - pass::now(), std::chrono::milliseconds(0));
        std::array<pollfd, 2> waiting{
            pollfd{fd_, events, 0}, pollfd{interrupts_ == nullptr ? -1 : interrupts_->fd(), POLLIN, 0}};
        const int ready = ::poll(waiting.data(), waiting.size(), static_cast<int>(left.count()));
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) return fail_errno(kSpeak, "", errno);
        if (ready == 0) return fail(kSpeak, "", "it does not answer");
        if (waiting[1].revents != 0) {
            return fail("wait for the daemon", "", "interrupted; what it was asked for it goes on with");
        }
        return {};
    }
}

Result<void> DaemonWire::send(std::string_view method, std::string_view target, std::string_view body) {
    std::string text =
        fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", method, target);
    if (method != "GET")
        text += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
    text += "\r\n";
    text += body;
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t n = ::send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
        if (n > 0) {
            sent += static_cast<std::size_t>(n);
        } else if (errno == EAGAIN) {
            if (auto ready = wait_for(POLLOUT); !ready) return ready;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return {};  // It has had enough: why, is in its answer.
        } else if (errno != EINTR) {
            return fail_errno(kSpeak, "", errno);
        }
    }
    return {};
}

Result<void> DaemonWire::receive(const std::function<bool(std::string& body)>& more) {
    auto& parser = parser_->http;
    std::string unparsed;
    std::array<char, 16 * 1024> bytes{};
    for (;;) {
        const ssize_t n = ::recv(fd_, bytes.data(), bytes.size(), 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) {
            if (auto ready = wait_for(POLLIN); !ready) return ready;
            continue;
        }
        if (n < 0) return fail_errno(kSpeak, "", errno);
        error_code error;
        if (n == 0) {
            if (parser.got_some()) parser.put_eof(error);
            if (error || !parser.is_done())
                return fail(kSpeak, "", "it ended in the middle of its answer");
            return {};
        }
        unparsed.append(bytes.data(), static_cast<std::size_t>(n));
        while (!unparsed.empty() && !parser.is_done()) {
            const std::size_t used = parser.put(boost::asio::buffer(unparsed), error);
            unparsed.erase(0, used);
            if (error == http::error::need_more) break;
            if (error) return fail(kSpeak, "", "its answer is not HTTP: " + error.message());
        }
        if (parser.is_header_done() && !more(parser.get().body())) return {};
        if (parser.is_done()) return {};
    }
}

unsigned DaemonWire::status() const {
    return parser_->http.is_header_done() ? parser_->http.get().result_int() : 0;
}

std::string& DaemonWire::body() {
    return parser_->http.get().body();
}

}  // namespace reaper::cli
