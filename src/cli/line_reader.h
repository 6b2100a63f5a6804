// Lines of a stream of any size in bounded memory, as soon as they are there.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"

namespace reaper::cli {

class LineReader {
  public:
    /// Bytes of a line beyond `max_bytes` are dropped. `before_waiting` is called before each read
    /// that may block: the time to hand out what has been made of the lines so far.
    LineReader(int fd, std::size_t max_bytes, std::function<void()> before_waiting);

    /// The next line without its end ("\n" or "\r\n"); the last one needs none. Nothing at the end.
    /// The line may hold any bytes, NULs included.
    Result<std::optional<std::string>> next();

  private:
    int fd_;
    std::size_t max_bytes_;
    std::function<void()> before_waiting_;
    std::string buffer_;
    std::size_t position_ = 0;
    bool at_end_ = false;
};

}  // namespace reaper::cli
