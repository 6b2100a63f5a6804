#include "cli/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace reaper::cli {
namespace {

constexpr std::size_t kChunk = 64 * 1024;

/// One read through EINTR and a non-blocking descriptor. 0 at the end, -1 on failure.
ssize_t read_some(int fd, char* bytes, std::size_t size) {
    for (;;) {
        const ssize_t got = ::read(fd, bytes, size);
        if (got >= 0) return got;
        if (errno == EAGAIN) {
            pollfd waiting{fd, POLLIN, 0};
            ::poll(&waiting, 1, -1);
        } else if (errno != EINTR) {
            return -1;
        }
    }
}

}  // namespace

LineReader::LineReader(int fd, std::size_t max_bytes, std::function<void()> before_waiting)
    : fd_(fd), max_bytes_(max_bytes), before_waiting_(std::move(before_waiting)) {}

Result<std::optional<std::string>> LineReader::next() {
    std::string line;
    bool begun = false;
    for (;;) {
        const std::size_t end = buffer_.find('\n', position_);
        const std::size_t stop = std::min(end, buffer_.size());
        begun = begun || stop > position_ || end != std::string::npos;
        line.append(buffer_, position_, std::min(stop - position_, max_bytes_ - line.size()));
        position_ = stop;
        if (end != std::string::npos) {
            ++position_;
            break;
        }
        if (at_end_) break;
        before_waiting_();
        buffer_.resize(kChunk);
        position_ = 0;
        const ssize_t got = read_some(fd_, buffer_.data(), buffer_.size());
        if (got < 0) return fail_errno("read", "standard input", errno);
        buffer_.resize(static_cast<std::size_t>(got));
        at_end_ = got == 0;
    }
    if (!begun) return std::optional<std::string>();
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return std::optional(std::move(line));
}

}  // namespace reaper::cli
