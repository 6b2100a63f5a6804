#include "clients/real_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <deque>
#include <filesystem>

namespace reaper::clients {
namespace {

constexpr unsigned kMostLinks = 40;  // path_resolution(7)

void push_parts(const std::string& path, std::deque<std::string>& parts) {
    std::deque<std::string> added;
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        if (end > begin) added.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    parts.insert(parts.begin(), added.begin(), added.end());
}

std::string joined(const std::string& directory, const std::string& name) {
    return directory == "/" ? '/' + name : directory + '/' + name;
}

}  // namespace

std::string RealPath::path() const {
    return joined(directory, name);
}

Result<RealPath> real_path(const std::string& path) {
    std::error_code none;
    const std::string absolute = std::filesystem::absolute(path, none).string();
    if (path.empty() || none) return fail_errno("find", path, ENOENT);
    RealPath real{"/", "", {}};
    std::deque<std::string> left;
    push_parts(absolute, left);
    unsigned links = 0;
    while (!left.empty()) {
        const std::string part = left.front();
        left.pop_front();
        if (part == ".") continue;
        if (part == "..") {
            real.directory = std::filesystem::path(real.directory).parent_path().string();
            continue;
        }
        const std::string here = joined(real.directory, part);
        struct stat found {};
        const bool there = ::lstat(here.c_str(), &found) == 0;
        if (!there && (errno != ENOENT || !left.empty())) return fail_errno("find", path, errno);
        if (there && S_ISLNK(found.st_mode)) {
            if (++links > kMostLinks) return fail_errno("find", path, ELOOP);
            std::array<char, PATH_MAX> target{};
            const ssize_t length = ::readlink(here.c_str(), target.data(), target.size());
            if (length <= 0) return fail_errno("find", path, errno);
            if (target[0] == '/') real.directory = "/";
            real.link_users.insert(found.st_uid);
            push_parts(std::string(target.data(), static_cast<std::size_t>(length)), left);
        } else if (left.empty()) {
            real.name = part;
        } else {
            real.directory = here;
        }
    }
    if (real.name.empty()) return fail("find", path, "it is a directory");
    return real;
}

}  // namespace reaper::clients
