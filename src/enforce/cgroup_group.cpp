#include "enforce/cgroup_group.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <memory>
#include <string_view>

#include "base/unique_fd.h"

namespace reaper::enforce {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kFreezePatience(1000);

struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

Result<std::string> read_all(int fd, const std::string& path) {
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("read", path, errno);
        if (n == 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(n));
    }
    if (text.ends_with('\n')) text.pop_back();
    return text;
}

bool says_frozen(std::string_view events, bool frozen) {
    return events.find(frozen ? "frozen 1" : "frozen 0") != std::string_view::npos;
}

/// v2: the kernel wakes who polls cgroup.events when the last process has stopped.
Result<bool> freeze_unified(const std::string& directory, bool frozen) {
    const std::string events = directory + "/cgroup.events";
    const UniqueFd fd(::open(events.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail_errno("open", events, errno);
    const auto written = write_cgroup_file(directory + "/cgroup.freeze", frozen ? "1" : "0");
    if (!written) return tl::unexpected(written.error());
    const auto deadline = Clock::now() + kFreezePatience;
    for (;;) {
        // Reading re-arms the poll, so a change between the two is not missed.
        if (::lseek(fd.get(), 0, SEEK_SET) != 0) return fail_errno("read", events, errno);
        const auto text = read_all(fd.get(), events);
        if (!text) return tl::unexpected(text.error());
        if (says_frozen(*text, frozen)) return true;
        const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return false;
        pollfd waiting{.fd = fd.get(), .events = POLLPRI, .revents = 0};
        ::poll(&waiting, 1, static_cast<int>(left.count()));
    }
}

/// v1: FREEZING until all have stopped. Nothing wakes us; reading the state is what updates it.
Result<bool> freeze_v1(const std::string& directory, bool frozen) {
    const std::string file = directory + "/freezer.state";
    const std::string wanted = frozen ? "FROZEN" : "THAWED";
    const auto written = write_cgroup_file(file, wanted);
    if (!written) return tl::unexpected(written.error());
    const auto deadline = Clock::now() + kFreezePatience;
    for (;;) {
        const auto state = read_cgroup_file(file);
        if (!state) return tl::unexpected(state.error());
        if (*state == wanted) return true;
        if (Clock::now() >= deadline) return false;
        ::poll(nullptr, 0, 1);
    }
}

}  // namespace

Result<void> write_cgroup_file(const std::string& path, const std::string& value) {
    const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) return fail_errno("open", path, errno);
    ssize_t n = 0;
    do {
        n = ::write(fd.get(), value.data(), value.size());
    } while (n < 0 && errno == EINTR);
    if (n < 0) return fail_errno("write " + value + " to", path, errno);
    return {};
}

Result<std::string> read_cgroup_file(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return fail_errno("open", path, errno);
    return read_all(fd.get(), path);
}

Result<std::vector<pid_t>> pids_in_cgroup(const std::string& directory) {
    std::vector<pid_t> pids;
    const auto text = read_cgroup_file(directory + "/cgroup.procs");
    if (!text) {
        // ENODEV: removed between open and read.
        const int code = text.error().errno_code;
        if (code == ENOENT || code == ENODEV) return pids;
        return tl::unexpected(text.error());
    }
    const char* at = text->data();
    const char* const end = at + text->size();
    while (at < end) {
        pid_t pid = 0;
        at = std::from_chars(at, end, pid).ptr;
        if (pid > 0) pids.push_back(pid);
        at = std::find(at, end, '\n');
        if (at < end) ++at;
    }
    // v1 lists a process more than once where it likes to, and in any order.
    std::sort(pids.begin(), pids.end());
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
    return pids;
}

std::vector<std::string> groups_in_cgroup(const std::string& directory) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, CloseDir> dir(::opendir(directory.c_str()));
    if (!dir) return names;
    while (const dirent* const entry = ::readdir(dir.get())) {
        if (entry->d_type == DT_DIR && entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    std::sort(names.begin(), names.end());
    return names;
}

Result<void> make_cgroup(const std::string& directory) {
    if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) {
        return fail_errno("make the group", directory, errno);
    }
    return {};
}

Result<bool> remove_cgroup(const std::string& directory) {
    if (::rmdir(directory.c_str()) == 0 || errno == ENOENT) return true;
    if (errno == EBUSY || errno == ENOTEMPTY) return false;
    return fail_errno("remove the group", directory, errno);
}

Result<void> freeze_cgroup(const std::string& directory, bool unified, bool frozen) {
    const auto done = unified ? freeze_unified(directory, frozen) : freeze_v1(directory, frozen);
    if (done && *done) return {};
    if (frozen) {
        const auto undone = unified ? freeze_unified(directory, false) : freeze_v1(directory, false);
        if (!undone) return tl::unexpected(undone.error());
    }
    if (!done) return tl::unexpected(done.error());
    return tl::unexpected(
        Error{frozen ? "freeze" : "thaw", directory,
              frozen ? "not all of it stopped within a second (a process in uninterruptible sleep?)"
                     : "the kernel did not say within a second that it runs again",
              ETIMEDOUT});
}

}  // namespace reaper::enforce
