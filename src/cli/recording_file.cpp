#include "cli/recording_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace reaper::cli {
namespace {

constexpr mode_t kPrivate = S_IRUSR | S_IWUSR;
constexpr const char* kCreate = "create the recording";

Error cannot_create(const std::string& path, int code) {
    if (code == EEXIST) return Error{kCreate, path, "it exists already; --force overwrites it", code};
    if (code == ELOOP) return Error{kCreate, path, "it is a symbolic link", code};
    return Error::from_errno(kCreate, path, code);
}

/// Makes a file that was there before as private and as empty as a new one. Devices and pipes are
/// taken as they are.
Result<void> renew(int fd, const std::string& path) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return fail_errno(kCreate, path, errno);
    if (!S_ISREG(status.st_mode)) return {};
    if (::fchmod(fd, kPrivate) != 0) return fail_errno("make private", path, errno);
    if (::ftruncate(fd, 0) != 0) return fail_errno("empty", path, errno);
    return {};
}

}  // namespace

Result<RecordingFile> RecordingFile::create(const std::string& path, bool overwrite) {
    if (path == "-") {
        UniqueFd copy(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
        if (!copy) return fail_errno("write", "standard output", errno);
        return RecordingFile(std::move(copy), "standard output");
    }
    const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | (overwrite ? 0 : O_EXCL);
    UniqueFd fd(::open(path.c_str(), flags, kPrivate));
    if (!fd) return tl::unexpected(cannot_create(path, errno));
    if (overwrite) {
        if (const Result<void> fresh = renew(fd.get(), path); !fresh)
            return tl::unexpected(fresh.error());
    }
    return RecordingFile(std::move(fd), path);
}

Result<Written> RecordingFile::append(std::string line) {
    line += '\n';
    Result<Written> written = write_all(fd_.get(), line, name_);
    if (written) {
        size_ += Bytes{line.size()};
    } else if (::lseek(fd_.get(), 0, SEEK_CUR) > static_cast<off_t>(size_.value)) {
        // Only a regular file that we began has a place to go back to. Should that fail too, readers
        // still leave out a last line that is cut.
        static_cast<void>(::ftruncate(fd_.get(), static_cast<off_t>(size_.value)) == 0);
    }
    return written;
}

}  // namespace reaper::cli
