#include "scan/children.h"

#include <dirent.h>
#include <fcntl.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string>

namespace reaper::scan {
namespace {

struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

/// "12 13 14 " -> 12, 13, 14
void read_pids(std::string_view text, std::vector<pid_t>& pids) {
    while (!text.empty()) {
        pid_t pid = 0;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), pid);
        if (read.ec == std::errc{} && pid > 0) pids.push_back(pid);
        const std::size_t next = text.find(' ');
        text.remove_prefix(next == std::string_view::npos ? text.size() : next + 1);
    }
}

bool is_forbidden(const Error& error) {
    return error.errno_code == EACCES || error.errno_code == EPERM;
}

/// 0, or the errno.
int read_children(int tasks, const char* thread, std::vector<pid_t>& pids) {
    const UniqueFd file(
        ::openat(tasks, (std::string(thread) + "/children").c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return errno;
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t length = ::read(file.get(), buffer.data(), buffer.size());
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) return errno;
        if (length == 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(length));
    }
    read_pids(text, pids);
    return 0;
}

Result<StatText> stat_of(pid_t pid) {
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file)
        return fail_errno("look at process", std::to_string(pid), errno == ENOENT ? ESRCH : errno);
    std::array<char, 2048> buffer;
    const ssize_t length = ::read(file.get(), buffer.data(), buffer.size());
    if (length < 0) return fail_errno("look at process", std::to_string(pid), errno);
    const auto stat = parse_stat({buffer.data(), static_cast<std::size_t>(length)});
    if (!stat) return fail("look at process", std::to_string(pid), "its stat is not as proc(5) says");
    return *stat;
}

Result<std::vector<pid_t>> list_children(const ProcessDir& process) {
    const int fd = ::openat(process.fd(), "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return process.failed("task", errno);
    const std::unique_ptr<DIR, CloseDir> tasks(::fdopendir(fd));
    if (!tasks) {
        const int code = errno;
        ::close(fd);
        return process.failed("task", code);
    }
    std::vector<pid_t> pids;
    bool told = false;
    int failure = 0;
    while (const dirent* thread = ::readdir(tasks.get())) {
        if (thread->d_name[0] == '.') continue;
        const int code = read_children(fd, thread->d_name, pids);
        told = told || code == 0;
        if (code != 0) failure = code;  // A thread may end while we look: its children go to another.
    }
    if (!told && failure != 0) return process.failed("task/children", failure);
    return pids;
}

}  // namespace

Result<std::vector<ProcessId>> children_of(const ProcessDir& process) {
    const auto pids = list_children(process);
    if (!pids) return tl::unexpected(pids.error());
    std::vector<ProcessId> children;
    for (const pid_t pid : *pids) {
        // Between the list and this look it may have ended and its pid be an innocent process's.
        const auto stat = stat_of(pid);
        if (!stat && !says_gone(stat.error()) && !is_forbidden(stat.error()))
            return tl::unexpected(stat.error());
        if (stat && stat->parent == process.id().pid) children.push_back({pid, stat->start});
    }
    // That they name this pid as their parent says something as long as this process has it.
    if (const auto alive = process.stat(); !alive) return tl::unexpected(alive.error());
    return children;
}

Result<ProcessId> identify(pid_t pid) {
    const auto stat = stat_of(pid);
    if (!stat) return tl::unexpected(stat.error());
    return ProcessId{.pid = pid, .start = stat->start};
}

}  // namespace reaper::scan
