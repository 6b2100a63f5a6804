#include "policy/policy_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

#include "base/unique_fd.h"
#include "policy/loader.h"

namespace reaper::policy {
namespace {

using Text = tl::expected<std::string, std::string>;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kPipePatience{5};

tl::unexpected<std::string> refuse(std::string why) {
    return tl::unexpected(std::move(why));
}

tl::unexpected<std::string> refuse_errno(const char* what, int code) {
    return refuse(std::string(what) + ": " + std::generic_category().message(code));
}

std::string too_large(std::size_t limit) {
    return "larger than " + std::to_string(limit / 1024) + " KiB; this is no policy";
}

/// Who could change what root is about to obey; empty where nobody else could. `what` is how the
/// message calls the path.
std::string untrusted_by_root(const struct stat& entry, const std::string& what,
                              const std::string& path) {
    const bool trusted_owner = entry.st_uid == 0 || entry.st_uid == ::getuid();
    if (!trusted_owner) {
        return what + " belongs to uid " + std::to_string(entry.st_uid) +
               ", and root obeys only what root owns: chown root " + path;
    }
    const bool group_writes = (entry.st_mode & S_IWGRP) != 0 && entry.st_gid != 0;
    const bool others_write = (entry.st_mode & S_IWOTH) != 0;
    if (!group_writes && !others_write) return {};
    return what + " may be written by " + (others_write ? "everyone" : "its group") +
           ", and root obeys only what others cannot write: chmod go-w " + path;
}

/// Whoever may write the directory can put another file there, unless it is sticky like /tmp.
std::string untrusted_directory(const std::string& path) {
    const std::filesystem::path parent = std::filesystem::path(path).parent_path();
    const std::string directory = parent.empty() ? "." : parent.string();
    struct stat entry {};
    if (::stat(directory.c_str(), &entry) != 0) return {};
    if ((entry.st_mode & S_ISVTX) != 0) return {};
    return untrusted_by_root(entry, "its directory " + directory, directory);
}

std::string untrusted(const struct stat& entry, const std::string& path) {
    if (!S_ISREG(entry.st_mode)) return {};  // A pipe has no place where others could swap it.
    if (::geteuid() != 0) {
        if ((entry.st_mode & S_IWOTH) == 0) return {};
        return "this file may be written by everyone: chmod o-w " + path;
    }
    std::string why = untrusted_by_root(entry, "this file", path);
    if (why.empty()) why = untrusted_directory(path);
    std::error_code ignored;
    const std::filesystem::path target = std::filesystem::canonical(path, ignored);
    if (why.empty() && !target.empty()) why = untrusted_directory(target.string());
    return why;
}

/// Waits until there is something to read; false when the patience is over.
bool wait_for_pipe(int fd, Clock::time_point until) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
    if (left.count() <= 0) return false;
    pollfd waited{fd, POLLIN, 0};
    return ::poll(&waited, 1, static_cast<int>(left.count())) > 0;
}

Text read_all(int fd, std::size_t limit) {
    const Clock::time_point until = Clock::now() + kPipePatience;
    std::string text;
    std::array<char, 64 * 1024> buffer{};
    while (true) {
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count == 0) return text;
        if (count > 0) {
            text.append(buffer.data(), static_cast<std::size_t>(count));
            if (text.size() > limit) return refuse(too_large(limit));
        } else if (errno == EAGAIN) {
            if (!wait_for_pipe(fd, until)) return refuse("nothing came through this pipe for 5 s");
        } else if (errno != EINTR) {
            return refuse_errno("cannot be read", errno);
        }
    }
}

}  // namespace

Text read_policy_file(const std::string& path) {
    return read_trusted_file(path, kMaxPolicyBytes);
}

Text read_trusted_file(const std::string& path, std::size_t limit) {
    // Not blocking: opening a named pipe that nobody writes would wait for ever.
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd) return refuse_errno("cannot be opened", errno);
    struct stat entry {};
    if (::fstat(fd.get(), &entry) != 0) return refuse_errno("cannot be looked at", errno);
    if (S_ISDIR(entry.st_mode)) return refuse("this is a directory; name a policy file in it");
    const bool pipe = S_ISFIFO(entry.st_mode);
    if (!pipe && !S_ISREG(entry.st_mode)) return refuse("neither a regular file nor a pipe");
    if (entry.st_size > static_cast<off_t>(limit)) return refuse(too_large(limit));
    if (std::string why = untrusted(entry, path); !why.empty()) return refuse(std::move(why));
    Text text = read_all(fd.get(), limit);
    if (text && text->empty() && pipe) return refuse("nothing was written into this pipe");
    return text;
}

}  // namespace reaper::policy
