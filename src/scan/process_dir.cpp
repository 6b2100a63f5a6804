#include "scan/process_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgot to say so itself
#include <sys/pidfd.h>
}

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>

#include "classify/command_line.h"

namespace reaper::scan {
namespace {

constexpr std::size_t kMaxTextBytes = 16 * 1024;  // stat has ~400 bytes, status ~1,500, cgroup < 8,000

tl::unexpected<Error> gone(ProcessId id) {
    return fail_errno("look at process", id.text(), ESRCH);
}

/// Reads to the end or to `limit`. /proc answers in pieces of a page where it likes to.
/// -1 with errno set where it cannot be read.
ssize_t read_fully(int fd, char* buffer, std::size_t limit) {
    std::size_t length = 0;
    while (length < limit) {
        const ssize_t n = ::read(fd, buffer + length, limit - length);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        length += static_cast<std::size_t>(n);
    }
    return static_cast<ssize_t>(length);
}

struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace

bool says_gone(const Error& error) {
    return error.errno_code == ESRCH;
}

Result<ProcessDir> ProcessDir::open(ProcessId id) {
    const std::string path = "/proc/" + std::to_string(id.pid);
    UniqueFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return errno == ENOENT ? gone(id) : fail_errno("open", path, errno);
    ProcessDir dir(id, std::move(fd));
    const auto stat = dir.stat();
    if (!stat) return tl::unexpected(stat.error());
    return dir;
}

Result<StatText> ProcessDir::stat() const {
    const UniqueFd file(::openat(fd_.get(), "stat", O_RDONLY | O_CLOEXEC));
    // Not through failed(), which asks stat itself: a process that exists has one.
    if (!file)
        return errno == ENOENT || errno == ESRCH ? gone(id_)
                                                 : fail_errno("read stat of", id_.text(), errno);
    std::array<char, 2048> buffer;
    const ssize_t length = read_fully(file.get(), buffer.data(), buffer.size());
    if (length < 0) return errno == ESRCH ? gone(id_) : fail_errno("read stat of", id_.text(), errno);
    const auto stat = parse_stat({buffer.data(), static_cast<std::size_t>(length)});
    if (!stat) return fail("read stat of", id_.text(), "it is not in the form that proc(5) describes");
    if (stat->start != id_.start) return gone(id_);
    return *stat;
}

Result<UniqueFd> ProcessDir::pidfd() const {
    UniqueFd fd(::pidfd_open(id_.pid, 0));
    if (!fd) return errno == ESRCH ? gone(id_) : fail_errno("open a pidfd of", id_.text(), errno);
    // The directory stays with its process. If that still answers now, the pid was its own a moment ago.
    const auto verified = stat();
    if (!verified) return tl::unexpected(verified.error());
    return fd;
}

Result<std::string> ProcessDir::command_line() const {
    return read("cmdline", classify::kMaxCommandLineBytes);
}

Result<std::string> ProcessDir::link(const char* name) const {
    std::array<char, PATH_MAX> buffer;
    const ssize_t length = ::readlinkat(fd_.get(), name, buffer.data(), buffer.size());
    if (length < 0) return failed(name, errno);
    return std::string(buffer.data(), static_cast<std::size_t>(length));
}

Result<std::vector<std::uint64_t>> ProcessDir::socket_inodes() const {
    const int dir_fd = ::openat(fd_.get(), "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) return failed("fd", errno);
    const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(dir_fd));
    if (!dir) {
        const int code = errno;
        ::close(dir_fd);
        return failed("fd", code);
    }
    std::vector<std::uint64_t> inodes;
    std::size_t seen = 0;
    errno = 0;
    while (const dirent* entry = ::readdir(dir.get())) {
        if (entry->d_name[0] == '.') continue;
        if (++seen > kMaxDescriptors) return fail_errno("list the descriptors of", id_.text(), EMFILE);
        std::array<char, 64> target;  // "socket:[4294967295]" fits; a longer target is no socket
        const ssize_t length = ::readlinkat(dir_fd, entry->d_name, target.data(), target.size());
        if (length < 0 && errno != ENOENT) return failed("fd", errno);  // ENOENT: closed meanwhile
        if (length > 0) {
            const auto inode =
                inode_of_link({target.data(), static_cast<std::size_t>(length)}, "socket");
            if (inode) inodes.push_back(*inode);
        }
        errno = 0;
    }
    if (errno != 0) return failed("fd", errno);
    if (seen == 0) {  // None at all: also what a process looks like that is on its way out.
        const auto alive = stat();
        if (!alive) return tl::unexpected(alive.error());
    }
    return inodes;
}

Result<Bytes> ProcessDir::anonymous() const {
    const auto text = read("statm", kMaxTextBytes);
    if (!text) return tl::unexpected(text.error());
    const auto pages = parse_statm_anonymous_pages(*text);
    if (!pages) return fail("read statm of", id_.text(), "it is not in the form that proc(5) describes");
    return Bytes{*pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))};
}

Result<Bytes> ProcessDir::swapped() const {
    // /proc/PID/status costs as much as all the rest of a small process, and says 0 where none is used.
    struct sysinfo host {};
    if (::sysinfo(&host) == 0 && host.totalswap == host.freeswap) return Bytes{0};
    const auto text = read("status", kMaxTextBytes);
    if (!text) return tl::unexpected(text.error());
    const auto swapped = parse_status_swap(*text);
    if (!swapped) return fail("read status of", id_.text(), "it has no VmSwap");
    return *swapped;
}

Result<std::string> ProcessDir::cgroup() const {
    const auto text = read("cgroup", kMaxTextBytes);
    if (!text) return tl::unexpected(text.error());
    return parse_cgroup(*text);
}

tl::unexpected<Error> ProcessDir::failed(const char* name, int code) const {
    if (code == ESRCH) return gone(id_);
    if (code == ENOENT) {
        const auto alive = stat();
        if (!alive) return tl::unexpected(alive.error());
        // No files any more, but not yet collected by its parent.
        if (alive->state == 'Z' || alive->state == 'X') return gone(id_);
    }
    return fail_errno(std::string("read ") + name + " of", id_.text(), code);
}

Result<std::string> ProcessDir::read(const char* name, std::size_t limit) const {
    const UniqueFd file(::openat(fd_.get(), name, O_RDONLY | O_CLOEXEC));
    if (!file) return failed(name, errno);
    thread_local std::vector<char> buffer;
    buffer.resize(std::max(buffer.size(), limit));
    const ssize_t length = read_fully(file.get(), buffer.data(), limit);
    if (length < 0) return failed(name, errno);
    return std::string(buffer.data(), static_cast<std::size_t>(length));
}

}  // namespace reaper::scan
