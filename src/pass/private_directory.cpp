#include "pass/private_directory.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace reaper::pass {

Result<void> make_private_directory(const std::string& path) {
    for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
        const std::string part = path.substr(0, slash);
        if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST)
            return fail_errno("make the directory", part, errno);
        if (slash == std::string::npos) break;
    }
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) return fail_errno("look at", path, errno);
    if (!S_ISDIR(found.st_mode)) return fail("use", path, "it is not a directory");
    if (found.st_uid != ::geteuid()) {
        return fail("use", path,
                    "it belongs to another user (uid " + std::to_string(found.st_uid) + ")");
    }
    if ((found.st_mode & 022) != 0) return fail("use", path, "others may write to it (chmod go-w)");
    return {};
}

}  // namespace reaper::pass
