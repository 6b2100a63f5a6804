#include "report/event_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/directory.h"

namespace reaper::report {
namespace {

constexpr const char* kWrite = "write the event log";

/// Whoever may write the directory may put another file in the place of ours.
Result<void> check_directory(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return fail_errno(kWrite, path, errno);
    if (!S_ISDIR(found.st_mode)) return fail_errno(kWrite, path, ENOTDIR);
    if (found.st_uid != ::geteuid() && found.st_uid != 0) {
        return fail(kWrite, path, "the directory belongs to user " + std::to_string(found.st_uid));
    }
    if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(kWrite, path, "others may write this directory; give the log one of its own");
    }
    return {};
}

Result<struct stat> check_file(int fd, const std::string& path) {
    struct stat found {};
    if (::fstat(fd, &found) != 0) return fail_errno(kWrite, path, errno);
    if (!S_ISREG(found.st_mode)) return fail(kWrite, path, "it is no regular file");
    if (found.st_uid != ::geteuid()) {
        return fail(kWrite, path, "it belongs to user " + std::to_string(found.st_uid));
    }
    if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(kWrite, path, "others may write it; chmod go-w " + path);
    }
    return found;
}

Error refined(const Error& why) {
    Error error = why;
    if (error.errno_code == ENOSPC) error.reason = "the disk is full";
    if (error.errno_code == ELOOP) error.reason = "it is a symbolic link";
    return error;
}

}  // namespace

void EventLog::configure(EventLogSettings settings) {
    if (settings.path != settings_.path) {
        fd_.close();
        not_before_.reset();
        missing_ = 0;
    }
    settings_ = std::move(settings);
}

void EventLog::write(std::string_view line, MonotonicTime now) {
    if (not_before_ && now < *not_before_) {
        ++missing_;
        return;
    }
    if (const auto written = try_write(line); !written) return failed(written.error(), now);
    not_before_.reset();
    if (missing_ == 0) return;
    trouble_ = "the event log " + settings_.path + " is written again; " + std::to_string(missing_) +
               (missing_ == 1 ? " event is" : " events are") + " missing in it";
    missing_ = 0;
}

std::optional<std::string> EventLog::trouble() {
    return std::exchange(trouble_, std::nullopt);
}

Result<void> EventLog::try_write(std::string_view line) {
    if (auto ready = make_ready(line.size() + 1); !ready) return ready;
    std::string text;
    text.reserve(line.size() + 2);
    if (half_a_line_) text += '\n';
    text += line;
    text += '\n';
    return append(std::move(text));
}

/// Open, ours, and with room for so many bytes more.
Result<void> EventLog::make_ready(std::size_t more) {
    if (fd_ && replaced()) fd_.close();
    if (!fd_) {
        if (auto opened = open(); !opened) return opened;
    }
    if (size_ == 0 || size_ + more <= settings_.size.value) return {};
    return rotate();
}

/// Somebody (logrotate, a person) has moved or deleted it: what is written would be lost to everybody.
bool EventLog::replaced() const {
    struct stat ours {};
    struct stat there {};
    return ::fstat(fd_.get(), &ours) != 0 || ::lstat(settings_.path.c_str(), &there) != 0 ||
           ours.st_ino != there.st_ino || ours.st_dev != there.st_dev;
}

Result<void> EventLog::open() {
    const std::string directory = directory_of(settings_.path);
    if (auto made = make_directory(directory); !made) return made;
    if (auto checked = check_directory(directory); !checked) return checked;
    // O_NONBLOCK: a FIFO in its place must not hold us up. O_RDWR: to see how it ends.
    UniqueFd fd(::open(settings_.path.c_str(),
                       O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
    if (!fd) return fail_errno(kWrite, settings_.path, errno);
    const auto found = check_file(fd.get(), settings_.path);
    if (!found) return tl::unexpected(found.error());
    size_ = static_cast<std::uint64_t>(found->st_size);
    char last = '\n';
    half_a_line_ = size_ > 0 && ::pread(fd.get(), &last, 1, found->st_size - 1) == 1 && last != '\n';
    fd_ = std::move(fd);
    return {};
}

std::string EventLog::numbered(unsigned number) const {
    return number == 0 ? settings_.path : settings_.path + '.' + std::to_string(number);
}

/// FILE becomes FILE.1, and so on up to the first number that is free; where none is, the oldest goes.
Result<void> EventLog::rotate() {
    struct stat before {};
    if (::fstat(fd_.get(), &before) != 0) return fail_errno(kWrite, settings_.path, errno);
    unsigned last = 1;
    while (last + 1 < settings_.files && ::access(numbered(last).c_str(), F_OK) == 0) ++last;
    if (settings_.files <= 1) {
        if (::unlink(settings_.path.c_str()) != 0) return fail_errno(kWrite, settings_.path, errno);
        last = 0;
    }
    for (unsigned number = last; number > 0; --number) {
        const std::string from = numbered(number - 1);
        if (::rename(from.c_str(), numbered(number).c_str()) != 0) {
            return fail_errno("rotate the event log", from, errno);
        }
    }
    // More than these were kept before: those that a reload made too many.
    for (unsigned extra = std::max(settings_.files, 1U);; ++extra) {
        if (::unlink(numbered(extra).c_str()) != 0) break;
    }
    fd_.close();
    if (auto opened = open(); !opened) return opened;
    // Best effort: who may not give it the group leaves it to its owner alone.
    if (::fchown(fd_.get(), static_cast<uid_t>(-1), before.st_gid) == 0) {
        ::fchmod(fd_.get(), before.st_mode & 0777);
    }
    return {};
}

/// All of it, or nothing: what a full disk has taken of it is taken back.
Result<void> EventLog::append(std::string text) {
    std::string_view left = text;
    while (!left.empty()) {
        const ssize_t n = ::write(fd_.get(), left.data(), left.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            const int code = errno;
            if (left.size() != text.size() && ::ftruncate(fd_.get(), static_cast<off_t>(size_)) != 0) {
                fd_.close();  // Opening it again finds the half line.
            }
            return fail_errno(kWrite, settings_.path, code);
        }
        left.remove_prefix(static_cast<std::size_t>(n));
    }
    size_ += text.size();
    half_a_line_ = false;
    return {};
}

void EventLog::failed(const Error& why, MonotonicTime now) {
    not_before_ = now + kRetry;
    if (missing_++ > 0) return;
    trouble_ = refined(why).message() + "; events are missing in it for now";
}

}  // namespace reaper::report
