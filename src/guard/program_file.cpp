#include "guard/program_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace reaper::guard {
namespace {

/// 0, or the errno.
int try_execute(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return errno;
    if (S_ISDIR(found.st_mode)) return EISDIR;
    return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
}

}  // namespace

Result<std::string> find_program(const std::string& name) {
    if (name.empty()) return fail("start the server", "", "the command is empty");
    if (name.find('/') != std::string::npos) {
        const int code = try_execute(name);
        if (code == 0) return name;
        return fail_errno("start", name, code == EISDIR ? EACCES : code);
    }
    const char* const variable = std::getenv("PATH");
    std::string_view path = variable != nullptr ? variable : "/usr/bin:/bin";
    bool refused = false;
    for (;;) {
        const std::size_t colon = path.find(':');
        const std::string directory(path.substr(0, colon));
        const std::string file = (directory.empty() ? "." : directory) + '/' + name;
        const int code = try_execute(file);
        if (code == 0) return file;
        refused = refused || code == EACCES;
        if (colon == std::string_view::npos) break;
        path.remove_prefix(colon + 1);
    }
    if (refused) return fail_errno("start", name, EACCES);
    Error error = Error::from_errno("start", name, ENOENT);
    error.reason = "there is no such program in PATH";
    return tl::unexpected(std::move(error));
}

}  // namespace reaper::guard
