#include "base/whole_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

extern "C" {  // glibc 2.36 forgot to say so itself
#include <sys/pidfd.h>
}

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>

#include "base/directory.h"
#include "base/unique_fd.h"

namespace reaper {
namespace {

/// 0, or the errno.
int write_fully(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return ::fsync(fd) == 0 ? 0 : errno;
}

/// NAME.new-PID
constexpr std::string_view kTemporary = ".new-";

/// Its writer was killed in the middle.
bool is_left_over(std::string_view entry, const std::string& name) {
    if (!entry.starts_with(name) || !entry.substr(name.size()).starts_with(kTemporary)) return false;
    entry.remove_prefix(name.size() + kTemporary.size());
    pid_t pid = 0;
    const auto read = std::from_chars(entry.data(), entry.data() + entry.size(), pid);
    const bool is_pid = read.ec == std::errc{} && read.ptr == entry.data() + entry.size() && pid > 0;
    if (!is_pid) return false;
    const UniqueFd process(::pidfd_open(pid, 0));
    return !process && errno == ESRCH;
}

void remove_left_overs(const Replacement& replacement) {
    const int copy = ::openat(replacement.directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return;
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy), ::closedir);
    if (!entries) {
        ::close(copy);
        return;
    }
    while (const dirent* const entry = ::readdir(entries.get())) {
        if (is_left_over(entry->d_name, replacement.name))
            ::unlinkat(replacement.directory, entry->d_name, 0);
    }
}

/// 0, or the errno. Labels of security modules are theirs to give where we may not.
int copy_attribute(int from, int to, const char* name) {
    const ssize_t size = ::fgetxattr(from, name, nullptr, 0);
    if (size < 0) return errno;
    std::string value(static_cast<std::size_t>(size), '\0');
    const ssize_t read = ::fgetxattr(from, name, value.data(), value.size());
    if (read < 0) return errno;
    if (::fsetxattr(to, name, value.data(), static_cast<std::size_t>(read), 0) == 0) return 0;
    return std::string_view(name).starts_with("security.") ? 0 : errno;
}

/// 0, or the errno.
int copy_attributes(int from, int to) {
    const ssize_t size = ::flistxattr(from, nullptr, 0);
    if (size < 0) return errno == ENOTSUP ? 0 : errno;
    std::string names(static_cast<std::size_t>(size), '\0');
    const ssize_t read = ::flistxattr(from, names.data(), names.size());
    if (read < 0) return errno;
    names.resize(static_cast<std::size_t>(read));
    for (std::size_t at = 0; at < names.size(); at = names.find('\0', at) + 1) {
        if (const int code = copy_attribute(from, to, names.c_str() + at); code != 0) return code;
    }
    return 0;
}

/// 0, or the errno.
int take_looks(int fd, const Replacement& replacement) {
    constexpr uid_t kAsItIs = static_cast<uid_t>(-1);
    if (replacement.user || replacement.group) {
        if (::fchown(fd, replacement.user.value_or(kAsItIs), replacement.group.value_or(kAsItIs)) != 0)
            return errno;
    }
    if (::fchmod(fd, replacement.mode) != 0) return errno;
    return replacement.attributes_of < 0 ? 0 : copy_attributes(replacement.attributes_of, fd);
}

Result<void> write_and_rename(const Replacement& replacement, const std::string& temporary,
                              std::string_view text) {
    const auto failed = [&](int code) { return fail_errno("write", replacement.path, code); };
    UniqueFd file(::openat(replacement.directory, temporary.c_str(),
                           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return failed(errno);
    if (const int code = take_looks(file.get(), replacement); code != 0) return failed(code);
    if (const int code = write_fully(file.get(), text); code != 0) return failed(code);
    file.close();
    if (replacement.before_rename) {
        if (auto fine = replacement.before_rename(); !fine) return fine;
    }
    if (::renameat(replacement.directory, temporary.c_str(), replacement.directory,
                   replacement.name.c_str()) != 0) {
        return failed(errno);
    }
    return {};
}

}  // namespace

Result<void> replace_whole_file(const Replacement& replacement, std::string_view text) {
    remove_left_overs(replacement);
    // The pid: two of us may write the same file, and each must rename its own.
    const std::string temporary =
        replacement.name + std::string(kTemporary) + std::to_string(::getpid());
    ::unlinkat(replacement.directory, temporary.c_str(), 0);
    Result<void> written = write_and_rename(replacement, temporary, text);
    if (!written) {
        ::unlinkat(replacement.directory, temporary.c_str(), 0);
        return written;
    }
    ::fsync(replacement.directory);
    return {};
}

Result<void> write_whole_file(const std::string& path, std::string_view text) {
    const UniqueFd directory(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return fail_errno("write", path, errno);
    Replacement replacement;
    replacement.directory = directory.get();
    replacement.name = path.substr(path.rfind('/') + 1);
    replacement.path = path;
    return replace_whole_file(replacement, text);
}

Result<std::string> read_whole_file(const std::string& path, std::size_t limit) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) return fail_errno("read", path, errno);
    return read_open_file(file.get(), path, limit);
}

Result<std::string> read_open_file(int fd, const std::string& path, std::size_t limit) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) return fail_errno("read", path, errno);
    if (!S_ISREG(status.st_mode)) return fail("read", path, "it is not a regular file");
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno("read", path, errno);
        if (n == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(n));
        if (text.size() > limit) return fail_errno("read", path, EFBIG);
    }
}

}  // namespace reaper
