#include "daemon/file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/unique_fd.h"

namespace reaper::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE |
                                  IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
/// Links from link to link, as the kernel allows them.
constexpr int kMostLinks = 40;

/// The directory, or the nearest one above it that exists.
std::string nearest_directory(fs::path directory) {
    std::error_code error;
    while (!fs::is_directory(directory, error) && directory.has_relative_path()) {
        directory = directory.parent_path();
    }
    return directory.empty() ? "." : directory.string();
}

}  // namespace

FileWatch::FileWatch(boost::asio::io_context& loop, Changed changed)
    : events_(loop), settling_(loop), again_(loop), changed_(std::move(changed)) {}

Result<void> FileWatch::watch(const std::vector<std::string>& files) {
    files_ = files;
    again_.cancel();
    auto begun = begin();
    if (begun) return begun;
    again_.expires_after(kWatchAgain);
    again_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        if (watch(std::vector<std::string>(files_))) changed_();
    });
    return begun;
}

Result<void> FileWatch::begin() {
    names_.clear();
    watches_.clear();
    boost::system::error_code ignored;
    events_.close(ignored);
    ++generation_;
    UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd) return fail_errno("watch files for changes", "", errno);
    events_.assign(fd.release());
    for (const std::string& file : files_) {
        if (auto watched = watch_file(file); !watched) return watched;
    }
    read();
    return {};
}

/// The directories of the file and of all that it leads to as a link.
Result<void> FileWatch::watch_file(const std::string& file) {
    fs::path path = file;
    std::error_code error;
    for (int i = 0; i < kMostLinks; ++i) {
        const fs::path directory = path.parent_path();
        const std::string nearest = nearest_directory(directory);
        names_.insert(path.filename());
        // What is missing between: the name of the next directory on the way.
        for (fs::path missing = directory; missing.string() != nearest && missing.has_relative_path();
             missing = missing.parent_path()) {
            names_.insert(missing.filename());
        }
        if (auto watched = watch_directory(nearest); !watched) return watched;
        if (!fs::is_symlink(path, error)) return {};
        const fs::path target = fs::read_symlink(path, error);
        if (error) return {};
        path = target.is_absolute() ? target : directory / target;
    }
    return {};
}

Result<void> FileWatch::watch_directory(const std::string& directory) {
    const int watch = ::inotify_add_watch(events_.native_handle(), directory.c_str(), kEvents);
    if (watch < 0) return fail_errno("watch for changes", directory, errno);
    watches_.insert(watch);
    return {};
}

void FileWatch::read() {
    events_.async_read_some(
        boost::asio::buffer(buffer_),
        [this, of = generation_](const boost::system::error_code& error, std::size_t length) {
            // Closed: another set is watched, or none. What was read just before
            // that comes without an error.
            if (error || of != generation_) return;
            take_in(length);
            read();
        });
}

void FileWatch::take_in(std::size_t length) {
    for (std::size_t at = 0; at + sizeof(inotify_event) <= length;) {
        inotify_event event{};
        std::memcpy(&event, buffer_ + at, sizeof event);
        const std::string name = event.len > 0 ? buffer_ + at + sizeof event : "";
        at += sizeof event + event.len;
        // Of a queue that ran over nothing is known, and a directory that is gone may be there anew.
        const bool lost =
            (event.mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) != 0;
        if (lost || names_.contains(name)) settle();
    }
}

void FileWatch::settle() {
    settling_.expires_after(kSettle);
    settling_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        // Directories may be other ones now, and links lead elsewhere.
        static_cast<void>(watch(std::vector<std::string>(files_)));
        changed_();
    });
}

}  // namespace reaper::daemon
