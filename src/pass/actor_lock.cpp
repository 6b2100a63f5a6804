#include "pass/actor_lock.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace reaper::pass {
namespace {

/// flock(2) cannot wait for a time: asked again this often.
constexpr std::chrono::milliseconds kPause{50};

bool stopped_within(std::chrono::milliseconds pause, int stop) {
    pollfd waiting{stop, POLLIN, 0};
    return ::poll(&waiting, 1, static_cast<int>(pause.count())) > 0;
}

constexpr std::string_view kDaemon = "daemon";

struct Holder {
    std::string name;
    bool stays = false;
};

Holder holder(int fd) {
    std::array<char, 32> text{};
    const ssize_t length = ::pread(fd, text.data(), text.size() - 1, 0);
    char* end = text.data();
    const long pid = length > 0 ? std::strtol(text.data(), &end, 10) : 0;
    const bool daemon = std::string_view(end).find(kDaemon) != std::string_view::npos;
    const std::string who = daemon ? "the mcp-reaper daemon" : "mcp-reaper";
    return {pid > 0 ? who + " with pid " + std::to_string(pid) : "another mcp-reaper", daemon};
}

}  // namespace

Result<ActorLock> ActorLock::take(const std::string& path, std::chrono::milliseconds patience, int stop,
                                  ActorKind kind) {
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return fail_errno("open the lock", path, errno);
    const auto until = std::chrono::steady_clock::now() + patience;
    while (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return fail_errno("lock", path, errno);
        const Holder now = holder(fd.get());
        if (now.stays)
            return fail("act", "", now.name + " governs this host: it is the only one who acts");
        if (std::chrono::steady_clock::now() >= until || stopped_within(kPause, stop)) {
            return fail("act", "", now.name + " is acting on this host; wait until it is through");
        }
    }
    const std::string pid = std::to_string(::getpid()) +
                            (kind == ActorKind::daemon ? " " + std::string(kDaemon) : "") + "\n";
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return fail_errno("write the lock", path, errno);  // A full disk: better to know it now.
    }
    return ActorLock(std::move(fd));
}

}  // namespace reaper::pass
