#include "clients/config_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "base/digest.h"
#include "base/whole_file.h"

namespace reaper::clients {
namespace {

using std::chrono::milliseconds;

/// Another one of us holds a file for the time of a write.
constexpr milliseconds kPatience{5000};
constexpr milliseconds kPause{20};

bool same_version(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
           a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

std::string user(uid_t uid) {
    return "uid " + std::to_string(uid);
}

/// Somebody else could have it lead to whatever they like.
Result<void> check_owners(const RealPath& real, const struct stat& directory, const struct stat& file,
                          const std::string& path) {
    const auto trusted = [&](uid_t uid) { return uid == 0 || uid == file.st_uid; };
    for (const uid_t uid : real.link_users) {
        if (trusted(uid)) continue;
        return fail("use", path,
                    "a symbolic link of another user (" + user(uid) + ") leads to it; name the file " +
                        real.path() + " itself");
    }
    if (!trusted(directory.st_uid)) {
        return fail("use", path,
                    "its directory belongs to another user (" + user(directory.st_uid) +
                        ") than the file (" + user(file.st_uid) + ')');
    }
    return {};
}

tl::unexpected<Error> changed(const std::string& path) {
    return fail("write", path, "it has been changed since it was read; nothing was done to it");
}

}  // namespace

std::uint64_t digest_of(std::string_view text) {
    Digest digest;
    digest.add(text);
    return digest.value();
}

Result<ConfigFile> ConfigFile::read(const std::string& path) {
    auto real = real_path(path);
    if (!real) return tl::unexpected(std::move(real.error()));
    ConfigFile file;
    file.path_ = path;
    file.real_ = std::move(*real);
    file.directory_ = UniqueFd(::open(file.real_.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!file.directory_) return fail_errno("read", path, errno);
    file.file_ = UniqueFd(::openat(file.directory_.get(), file.real_.name.c_str(),
                                   O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file.file_) return fail_errno("read", path, errno);
    struct stat directory {};
    if (::fstat(file.file_.get(), &file.looks_) != 0 ||
        ::fstat(file.directory_.get(), &directory) != 0) {
        return fail_errno("look at", path, errno);
    }
    if (auto fine = check_owners(file.real_, directory, file.looks_, path); !fine)
        return tl::unexpected(std::move(fine.error()));
    auto text = read_open_file(file.file_.get(), path, kMaxConfigBytes);
    if (!text) return tl::unexpected(std::move(text.error()));
    file.text_ = std::move(*text);
    if (file.looks_.st_nlink > 1)
        return fail("use", path, "it has more than one name (hard links): replacing it would part them");
    // Somebody writes it at this moment: half of it may have been read.
    struct stat after {};
    if (::fstat(file.file_.get(), &after) != 0) return fail_errno("look at", path, errno);
    if (!same_version(file.looks_, after) ||
        static_cast<std::size_t>(after.st_size) != file.text_.size()) {
        return fail("read", path, "it is being written at this moment");
    }
    return file;
}

Result<void> ConfigFile::may_replace() const {
    if (::faccessat(directory_.get(), real_.name.c_str(), W_OK, AT_EACCESS) != 0)
        return fail_errno("write", path_, errno);
    if (::faccessat(directory_.get(), ".", W_OK | X_OK, AT_EACCESS) != 0)
        return fail_errno("write into the directory of", path_, errno);
    if (::geteuid() != 0 && looks_.st_uid != ::geteuid()) {
        return fail("write", path_,
                    "it belongs to another user (" + user(looks_.st_uid) +
                        ") and would become yours; let its owner do it, or root");
    }
    return {};
}

Result<void> ConfigFile::lock() const {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    // flock(2) cannot wait for a time: asked again this often.
    while (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return fail_errno("lock", path_, errno);
        if (std::chrono::steady_clock::now() >= until)
            return fail("lock", path_, "somebody else has locked it");
        std::this_thread::sleep_for(kPause);
    }
    return {};
}

Result<void> ConfigFile::is_unchanged() const {
    struct stat now {};
    if (::fstatat(directory_.get(), real_.name.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0 ||
        !same_version(looks_, now)) {
        return changed(path_);
    }
    // A write within the clock's tick, or by one who set the time back.
    if (::lseek(file_.get(), 0, SEEK_SET) != 0) return fail_errno("read", path_, errno);
    const auto text = read_open_file(file_.get(), path_, kMaxConfigBytes);
    if (!text) return tl::unexpected(text.error());
    if (digest_of(*text) != digest_of(text_)) return changed(path_);
    return {};
}

Result<void> ConfigFile::replace(std::string_view text,
                                 const std::function<Result<void>()>& before) const {
    if (auto locked = lock(); !locked) return locked;
    if (auto fine = is_unchanged(); !fine) return fine;
    if (auto may = may_replace(); !may) return may;
    if (auto fine = before(); !fine) return fine;
    Replacement replacement;
    replacement.directory = directory_.get();
    replacement.name = real_.name;
    replacement.path = path_;
    replacement.mode = looks_.st_mode & 07777U;
    replacement.user = looks_.st_uid;
    replacement.group = looks_.st_gid;
    replacement.attributes_of = file_.get();
    replacement.before_rename = [this] { return is_unchanged(); };
    auto written = replace_whole_file(replacement, text);
    ::flock(file_.get(), LOCK_UN);
    return written;
}

}  // namespace reaper::clients
