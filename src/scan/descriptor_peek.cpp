#include "scan/descriptor_peek.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <string_view>

#include "scan/proc_text.h"

namespace reaper::scan {

DescriptorPeek::DescriptorPeek() : proc_(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

DescriptorPeek::Glance DescriptorPeek::look(pid_t pid, int number) const {
    const std::string path = std::to_string(pid) + "/fd/" + std::to_string(number);
    std::array<char, 64> target;  // "socket:[4294967295]" fits; a longer target is a path.
    const ssize_t length = ::readlinkat(proc_.get(), path.c_str(), target.data(), target.size());
    if (length < 0) return {.may_be_connected = errno != ENOENT};
    const std::string_view said(target.data(), static_cast<std::size_t>(length));
    if (const auto inode = inode_of_link(said, "pipe")) return {true, *inode};
    if (const auto inode = inode_of_link(said, "socket")) return {true, *inode};
    return {.may_be_connected = false};
}

std::string DescriptorPeek::link(pid_t pid, const char* name) const {
    const std::string path = std::to_string(pid) + '/' + name;
    std::array<char, PATH_MAX> target;
    const ssize_t length = ::readlinkat(proc_.get(), path.c_str(), target.data(), target.size());
    return length < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(length));
}

}  // namespace reaper::scan
