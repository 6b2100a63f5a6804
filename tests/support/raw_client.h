// A connection to a Unix socket, byte by byte: what hostile clients send is not to be tidied up.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace reaper::test {

class RawClient {
  public:
    explicit RawClient(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
        if (::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("connect: " + std::string(std::strerror(errno)));
    }

    /// False where the other end does not take it.
    bool send(std::string_view text) const {
        while (!text.empty()) {
            const ssize_t n = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
            if (n <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }
    /// All that comes until the end of the connection.
    std::string read_to_end() {
        while (read_some()) {
        }
        return std::exchange(unread_, "");
    }
    /// All up to `end` with it; what is there where the connection ends before.
    std::string read_through(std::string_view end) {
        std::size_t found = std::string::npos;
        while ((found = unread_.find(end)) == std::string::npos && read_some()) {
        }
        const std::size_t length = found == std::string::npos ? unread_.size() : found + end.size();
        std::string text = unread_.substr(0, length);
        unread_.erase(0, length);
        return text;
    }
    /// One answer: its header, and as much body as that says.
    std::string read_answer() {
        std::string text = read_through("\r\n\r\n");
        const std::string_view key = "Content-Length: ";
        const std::size_t at = text.find(key);
        std::size_t length = at == std::string::npos ? 0 : std::stoul(text.substr(at + key.size()));
        while (unread_.size() < length && read_some()) {
        }
        length = std::min(length, unread_.size());
        text += unread_.substr(0, length);
        unread_.erase(0, length);
        return text;
    }
    std::string ask(std::string_view request) {
        send(request);
        return read_answer();
    }
    std::string get(const std::string& target) { return ask("GET " + target + " HTTP/1.1\r\n\r\n"); }
    std::string post(const std::string& target, const std::string& body) {
        return ask("POST " + target + " HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) +
                   "\r\n\r\n" + body);
    }
    void shut_down_writing() const { ::shutdown(fd_.get(), SHUT_WR); }
    void close() { fd_.close(); }

  private:
    /// False at the end of the connection. A test that waits for 20 seconds has failed.
    bool read_some() {
        pollfd waiting{fd_.get(), POLLIN, 0};
        if (::poll(&waiting, 1, 20'000) != 1) throw std::runtime_error("no answer; so far: " + unread_);
        std::array<char, 65536> bytes{};
        const ssize_t n = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
        if (n <= 0) return false;
        unread_.append(bytes.data(), static_cast<std::size_t>(n));
        return true;
    }

    UniqueFd fd_;
    std::string unread_;
};

}  // namespace reaper::test
