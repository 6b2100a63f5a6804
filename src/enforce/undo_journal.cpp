#include "enforce/undo_journal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>

#include "base/unique_fd.h"
#include "enforce/cages.h"
#include "enforce/undo_entry.h"

namespace reaper::enforce {
namespace {

constexpr std::size_t kMaxEntryBytes = 64 * 1024;  // A real one has about 400.
constexpr std::string_view kEnding = ".json";
constexpr std::string_view kTemporaryEnding = ".tmp";

struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

/// Opened and looked at anew for every call: nothing that was put in its place is ever trusted.
Result<UniqueFd> open_directory(const std::string& path) {
    constexpr const char* kAction = "use the undo journal";
    UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd && (errno == ENOTDIR || errno == ELOOP)) {
        return fail(kAction, path, "it is not a directory of its own (a link, or a file)");
    }
    if (!fd) return fail_errno(kAction, path, errno);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return fail_errno(kAction, path, errno);
    if (info.st_uid != ::geteuid()) {
        return fail(kAction, path, "it belongs to user " + std::to_string(info.st_uid));
    }
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(kAction, path, "others may write it (chmod 0700 makes it safe)");
    }
    return fd;
}

Result<std::vector<std::string>> names_in(int directory, const std::string& path) {
    constexpr const char* kAction = "list the undo journal";
    const int again = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (again < 0) return fail_errno(kAction, path, errno);
    const std::unique_ptr<DIR, CloseDir> dir(::fdopendir(again));
    if (!dir) {
        const int code = errno;
        ::close(again);
        return fail_errno(kAction, path, code);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* const entry = ::readdir(dir.get())) names.emplace_back(entry->d_name);
    if (errno != 0) return fail_errno(kAction, path, errno);
    std::sort(names.begin(), names.end());
    return names;
}

/// The cage whose entry this file would be; nothing where it is none of the journal's.
std::optional<std::string> cage_of_file(std::string_view name) {
    if (!name.ends_with(kEnding)) return std::nullopt;
    name.remove_suffix(kEnding.size());
    if (!server_of_cage(name)) return std::nullopt;
    return std::string(name);
}

/// With the writer's pid in it, so that two never write the same file and a dead one's is known.
std::string temporary_name(const std::string& cage) {
    return '.' + cage + '.' + std::to_string(::getpid()) + std::string(kTemporaryEnding);
}

/// A temporary file whose writer has ended before it was through.
bool is_abandoned(std::string_view name) {
    if (!name.starts_with('.') || !name.ends_with(kTemporaryEnding)) return false;
    name.remove_prefix(1);
    name.remove_suffix(kTemporaryEnding.size());
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || !server_of_cage(name.substr(0, dot))) return false;
    const std::string writer = "/proc/" + std::string(name.substr(dot + 1));
    return ::access(writer.c_str(), F_OK) != 0;
}

int write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return 0;
}

/// A whole new file, on disk; 0 or an errno.
int write_file(int directory, const std::string& name, std::string_view text) {
    // One of that name is our own, from before a failure.
    if (::unlinkat(directory, name.c_str(), 0) != 0 && errno != ENOENT) return errno;
    const UniqueFd file(
        ::openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return errno;
    if (const int code = write_all(file.get(), text); code != 0) return code;
    return ::fsync(file.get()) == 0 ? 0 : errno;
}

int replace_file(int directory, const std::string& from, const std::string& to) {
    if (::renameat(directory, from.c_str(), directory, to.c_str()) != 0) return errno;
    return ::fsync(directory) == 0 ? 0 : errno;
}

Result<std::string> read_file(int directory, const std::string& name) {
    constexpr const char* kAction = "read the undo entry";
    // O_NONBLOCK: a named pipe put there by mistake must not stop us.
    const UniqueFd file(
        ::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) return fail_errno(kAction, name, errno);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return fail_errno(kAction, name, errno);
    if (!S_ISREG(info.st_mode)) return fail(kAction, name, "it is not a file");
    if (info.st_uid != ::geteuid()) return fail(kAction, name, "it belongs to somebody else");
    std::string text;
    std::array<char, 4096> buffer;
    for (;;) {
        const ssize_t n = ::read(file.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return fail_errno(kAction, name, errno);
        if (n == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(n));
        if (text.size() > kMaxEntryBytes) return fail(kAction, name, "it is longer than any entry");
    }
}

}  // namespace

Result<UndoJournal> UndoJournal::open(const std::string& directory) {
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail_errno("make the undo journal", directory, errno);
    }
    const auto fd = open_directory(directory);
    if (!fd) return tl::unexpected(fd.error());
    const auto names = names_in(fd->get(), directory);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names) {
        if (is_abandoned(name)) ::unlinkat(fd->get(), name.c_str(), 0);
    }
    return UndoJournal(directory);
}

Result<void> UndoJournal::put(const UndoEntry& entry) {
    constexpr const char* kAction = "write the undo entry";
    if (server_of_cage(entry.cage) != entry.server) {
        return fail(kAction, entry.cage, "it is not the name of that server's cage");
    }
    const auto directory = open_directory(directory_);
    if (!directory) return tl::unexpected(directory.error());
    const std::string temporary = temporary_name(entry.cage);
    int code = write_file(directory->get(), temporary, to_text(entry));
    if (code == 0) code = replace_file(directory->get(), temporary, entry.cage + std::string(kEnding));
    if (code == 0) return {};
    ::unlinkat(directory->get(), temporary.c_str(), 0);
    return fail_errno(kAction, directory_ + '/' + entry.cage, code);
}

Result<void> UndoJournal::remove(const std::string& cage) {
    constexpr const char* kAction = "remove the undo entry";
    if (!server_of_cage(cage)) return fail(kAction, cage, "it is not the name of a cage");
    const auto directory = open_directory(directory_);
    if (!directory) return tl::unexpected(directory.error());
    if (::unlinkat(directory->get(), (cage + std::string(kEnding)).c_str(), 0) != 0) {
        if (errno == ENOENT) return {};
        return fail_errno(kAction, directory_ + '/' + cage, errno);
    }
    if (::fsync(directory->get()) != 0) return fail_errno(kAction, directory_ + '/' + cage, errno);
    return {};
}

Result<UndoJournal::Contents> UndoJournal::read() const {
    const auto directory = open_directory(directory_);
    if (!directory) return tl::unexpected(directory.error());
    const auto names = names_in(directory->get(), directory_);
    if (!names) return tl::unexpected(names.error());
    Contents contents;
    for (const std::string& name : *names) {
        const auto cage = cage_of_file(name);
        if (!cage) continue;
        const auto text = read_file(directory->get(), name);
        if (!text && text.error().errno_code == ENOENT) continue;  // Undone by another meanwhile.
        auto entry =
            text ? entry_from_text(*text, *cage) : Result<UndoEntry>(tl::unexpected(text.error()));
        if (entry) {
            contents.entries.push_back(std::move(*entry));
        } else {
            contents.unreadable.push_back(directory_ + '/' + name + ": " + entry.error().reason);
        }
    }
    return contents;
}

}  // namespace reaper::enforce
