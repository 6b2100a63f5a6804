#include "guard/stream.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace reaper::guard {
namespace {

/// poll says of a terminal or file that it takes something, not how much.
constexpr std::size_t kBlockingPiece = 4096;
/// Room for what is kept is given back when it was more than this.
constexpr std::size_t kKeptRoom = 64 * 1024;

Stream::Moved result_of(ssize_t n) {
    if (n >= 0) return {static_cast<std::size_t>(n), false, false};
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {0, true, false};
    return {0, false, true};
}

}  // namespace

Stream Stream::inherited(int fd, bool writes) {
    UniqueFd own(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
    struct stat status {};
    if (!own || ::fstat(fd, &status) != 0) return {};
    if (S_ISSOCK(status.st_mode)) return {std::move(own), Kind::socket};
    if (S_ISFIFO(status.st_mode)) {
        const std::string path = "/proc/self/fd/" + std::to_string(fd);
        const int mode = (writes ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_CLOEXEC;
        if (UniqueFd again(::open(path.c_str(), mode)); again) return {std::move(again), Kind::pipe};
    }
    return {std::move(own), Kind::blocking};
}

Stream Stream::own(UniqueFd fd) {
    return {std::move(fd), Kind::ours};
}

Stream::Moved Stream::read(std::span<char> into) {
    const ssize_t n = kind_ == Kind::socket ? ::recv(fd_.get(), into.data(), into.size(), MSG_DONTWAIT)
                                            : ::read(fd_.get(), into.data(), into.size());
    Moved moved = result_of(n);
    if (n == 0) moved.over = true;
    return moved;
}

Stream::Moved Stream::write(std::string_view bytes) {
    if (kind_ == Kind::socket) {
        return result_of(::send(fd_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    }
    if (kind_ == Kind::blocking) bytes = bytes.substr(0, kBlockingPiece);
    return result_of(::write(fd_.get(), bytes.data(), bytes.size()));
}

void Outlet::push(std::string_view bytes) {
    if (over_) return;
    if (waiting() == 0) {
        while (!bytes.empty()) {
            const Stream::Moved moved = stream_.write(bytes);
            over_ = moved.over;
            if (moved.over) return;
            bytes.remove_prefix(moved.bytes);
            if (moved.would_wait) break;
        }
    }
    pending_ += bytes;
}

void Outlet::flush() {
    while (waiting() > 0 && !over_) {
        const Stream::Moved moved = stream_.write(std::string_view(pending_).substr(written_));
        over_ = moved.over;
        written_ += moved.bytes;
        if (moved.would_wait) return;
    }
    pending_.clear();
    written_ = 0;
}

void Outlet::relax() {
    if (waiting() == 0 && pending_.capacity() > kKeptRoom) pending_ = {};
}

void Outlet::close() {
    stream_.close();
    pending_ = {};
    written_ = 0;
}

}  // namespace reaper::guard
