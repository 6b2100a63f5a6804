// The Unix socket on which the daemon is spoken to.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace reaper::daemon {

/// Who may connect.
enum class Reach {
    everybody,  ///< 0666, and its directory may be passed through: credentials decide what they may.
    owner,      ///< 0600
};

class ControlSocket {
  public:
    /// Binds and listens at `path`, in a directory that is ours and that nobody else may write. A socket
    /// that a dead daemon left there is replaced; one that somebody answers at never is, nor anything
    /// that is no socket. The caller is the only daemon here: it holds the lock.
    static Result<ControlSocket> bind(const std::string& path, Reach reach);

    ControlSocket(ControlSocket&& other) noexcept
        : fd_(std::move(other.fd_)),
          path_(std::exchange(other.path_, "")),
          device_(other.device_),
          inode_(other.inode_) {}
    ControlSocket& operator=(ControlSocket&&) = delete;
    /// Removes the file, if it still is this socket's.
    ~ControlSocket();

    /// Listening, non-blocking, close-on-exec.
    [[nodiscard]] int fd() const { return fd_.get(); }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    ControlSocket(UniqueFd fd, std::string path, dev_t device, ino_t inode)
        : fd_(std::move(fd)), path_(std::move(path)), device_(device), inode_(inode) {}

    UniqueFd fd_;
    std::string path_;
    dev_t device_;
    ino_t inode_;
};

}  // namespace reaper::daemon
