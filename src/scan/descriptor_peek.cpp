#include "scan/descriptor_peek.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <string_view>

namespace reaper::scan {

DescriptorPeek::DescriptorPeek() : proc_(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

bool DescriptorPeek::may_be_connected(pid_t pid, int number) const {
    const std::string path = std::to_string(pid) + "/fd/" + std::to_string(number);
    std::array<char, 64> target;  // "socket:[4294967295]" fits; a longer target is a path.
    const ssize_t length = ::readlinkat(proc_.get(), path.c_str(), target.data(), target.size());
    if (length < 0) return errno != ENOENT;
    const std::string_view link(target.data(), static_cast<std::size_t>(length));
    return link.starts_with("pipe:") || link.starts_with("socket:");
}

std::string DescriptorPeek::working_directory(pid_t pid) const {
    const std::string path = std::to_string(pid) + "/cwd";
    std::array<char, PATH_MAX> target;
    const ssize_t length = ::readlinkat(proc_.get(), path.c_str(), target.data(), target.size());
    return length < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(length));
}

}  // namespace reaper::scan
