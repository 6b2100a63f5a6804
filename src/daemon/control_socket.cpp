#include "daemon/control_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

namespace reaper::daemon {
namespace {

constexpr const char* kListen = "listen at";
constexpr int kBacklog = 64;

std::optional<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

const sockaddr* generic(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

UniqueFd new_socket() {
    return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

Result<void> check_directory(const std::string& directory, Reach reach) {
    struct stat found {};
    if (::lstat(directory.c_str(), &found) != 0) return fail_errno("look at", directory, errno);
    if (!S_ISDIR(found.st_mode)) return fail("use", directory, "it is not a directory");
    if (found.st_uid != ::geteuid()) {
        return fail("use", directory,
                    "it belongs to another user (uid " + std::to_string(found.st_uid) + ")");
    }
    if ((found.st_mode & 022) != 0) return fail("use", directory, "others may write to it (chmod go-w)");
    constexpr mode_t kPassThrough = 0011;
    if (reach == Reach::everybody && (found.st_mode & kPassThrough) != kPassThrough &&
        ::chmod(directory.c_str(), (found.st_mode & 07777) | kPassThrough) != 0) {
        return fail_errno("let others reach the socket in", directory, errno);
    }
    return {};
}

/// What is left of a daemon that has died goes; anything else stays and is an Error.
Result<void> make_room(const std::string& path, const sockaddr_un& address) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return {};
        return fail_errno("look at", path, errno);
    }
    if (!S_ISSOCK(found.st_mode)) return fail(kListen, path, "something that is no socket is there");
    const UniqueFd probe = new_socket();
    if (!probe) return fail_errno("make a socket", "", errno);
    if (::connect(probe.get(), generic(address), sizeof address) == 0) {
        ucred peer{};
        socklen_t size = sizeof peer;
        const bool known = ::getsockopt(probe.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
        return fail(kListen, path,
                    known ? "process " + std::to_string(peer.pid) + " answers there already"
                          : "somebody answers there already");
    }
    // A full queue (EAGAIN) is somebody's who is alive.
    if (errno != ECONNREFUSED) return fail_errno(kListen, path, errno);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail_errno("remove", path, errno);
    return {};
}

}  // namespace

Result<ControlSocket> ControlSocket::bind(const std::string& path, Reach reach) {
    const auto address = address_of(path);
    if (!address) {
        return fail(kListen, path,
                    "the path of a socket has at most " +
                        std::to_string(sizeof sockaddr_un{}.sun_path - 1) + " bytes");
    }
    const std::string directory = path.substr(0, path.rfind('/'));
    if (auto fits = check_directory(directory, reach); !fits) return tl::unexpected(fits.error());
    if (auto free = make_room(path, *address); !free) return tl::unexpected(free.error());
    UniqueFd fd = new_socket();
    if (!fd) return fail_errno("make a socket", "", errno);
    if (::bind(fd.get(), generic(*address), sizeof *address) != 0)
        return fail_errno(kListen, path, errno);
    struct stat made {};
    if (::lstat(path.c_str(), &made) != 0) return fail_errno("look at", path, errno);
    ControlSocket socket(std::move(fd), path, made.st_dev, made.st_ino);
    // Before listen(2) nobody can connect: there is no moment in which the mode is too wide.
    if (::chmod(path.c_str(), reach == Reach::everybody ? 0666 : 0600) != 0)
        return fail_errno("set the mode of", path, errno);
    if (::listen(socket.fd(), kBacklog) != 0) return fail_errno(kListen, path, errno);
    return socket;
}

ControlSocket::~ControlSocket() {
    if (path_.empty()) return;
    struct stat found {};
    if (::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ && found.st_ino == inode_)
        ::unlink(path_.c_str());
}

}  // namespace reaper::daemon
