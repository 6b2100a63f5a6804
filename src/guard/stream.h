// One end of a pipe, socket or file that is read and written without ever waiting, and without touching
// the flags of a description that others may have too: O_NONBLOCK on an inherited terminal would be the
// shell's as well.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace reaper::guard {

class Stream {
  public:
    enum class Kind {
        socket,    ///< MSG_DONTWAIT
        pipe,      ///< Opened once more, so that O_NONBLOCK is ours alone.
        ours,      ///< A pipe that we made: O_NONBLOCK is set already.
        blocking,  ///< A file or terminal: looked at by poll first, then as long as it takes.
    };

    Stream() = default;
    /// Takes over an inherited descriptor of ours. `writes`: which end it is.
    static Stream inherited(int fd, bool writes);
    /// A descriptor of our own, with O_NONBLOCK.
    static Stream own(UniqueFd fd);

    struct Moved {
        std::size_t bytes = 0;
        bool would_wait = false;
        bool over = false;  ///< End of file, or nobody is there any more.
    };
    Moved read(std::span<char> into);
    Moved write(std::string_view bytes);

    [[nodiscard]] int fd() const { return fd_.get(); }
    explicit operator bool() const { return static_cast<bool>(fd_); }
    void close() { fd_.close(); }

  private:
    Stream(UniqueFd fd, Kind kind) : fd_(std::move(fd)), kind_(kind) {}
    UniqueFd fd_;
    Kind kind_ = Kind::blocking;
};

/// A stream that is written to, with what it does not take yet.
class Outlet {
  public:
    Outlet() = default;
    explicit Outlet(Stream stream) : stream_(std::move(stream)) {}

    /// Writes what can be written now, keeps the rest. Dropped where nobody is there any more.
    void push(std::string_view bytes);
    /// Goes on with what was kept.
    void flush();

    /// Gives back the room that was needed for what had to wait.
    void relax();

    [[nodiscard]] std::size_t waiting() const { return pending_.size() - written_; }
    [[nodiscard]] bool over() const { return over_; }
    [[nodiscard]] int fd() const { return stream_.fd(); }
    explicit operator bool() const { return static_cast<bool>(stream_); }
    void close();

  private:
    Stream stream_;
    std::string pending_;
    std::size_t written_ = 0;  ///< Of pending_.
    bool over_ = false;
};

}  // namespace reaper::guard
