#include "base/directory.h"

#include <sys/stat.h>

#include <cerrno>

namespace reaper {

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    if (errno == ENOENT && path != directory_of(path)) {
        if (auto parent = make_directory(directory_of(path)); !parent) return parent;
        if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    }
    return fail_errno("make the directory", path, errno);
}

}  // namespace reaper
