// Tells when a file has changed, however an editor writes it: in place, or as another file that is
// renamed over it; also where it is a symbolic link, or is not there yet.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"

namespace reaper::daemon {

class FileWatch {
  public:
    using Changed = std::function<void()>;

    FileWatch(boost::asio::io_context& loop, Changed changed);
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;

    /// Watches these files from now on, and no others. `changed` is called once for what happens to them
    /// within kSettle: a file is often written in several steps. An Error where the kernel gives no
    /// watch (inotify's limits, no descriptor): it is asked for again every kWatchAgain, and once it is
    /// there `changed` is called for what may have been missed.
    Result<void> watch(const std::vector<std::string>& files);

  private:
    Result<void> begin();
    Result<void> watch_directory(const std::string& directory);
    Result<void> watch_file(const std::string& file);
    void read();
    void take_in(std::size_t length);
    void settle();

    boost::asio::posix::stream_descriptor events_;
    boost::asio::steady_timer settling_;
    boost::asio::steady_timer again_;
    Changed changed_;
    std::vector<std::string> files_;
    std::set<std::string> names_;  ///< Base names of what is watched, links and their targets.
    std::set<int> watches_;
    unsigned generation_ = 0;  ///< Of `events_`: what was read of one before is nobody's any more.
    alignas(8) char buffer_[4096];
};

/// From the last change until it is told.
inline constexpr std::chrono::milliseconds kSettle{100};
inline constexpr std::chrono::seconds kWatchAgain{5};

}  // namespace reaper::daemon
