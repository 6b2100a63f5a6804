#include "guard/kept_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace reaper::guard {
namespace {

constexpr std::size_t kLongestName = 60;

struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace

void keep_newest(const std::string& directory, std::string_view part, std::size_t most) {
    const std::unique_ptr<DIR, CloseDir> dir(::opendir(directory.c_str()));
    if (!dir) return;
    const int fd = ::dirfd(dir.get());
    std::vector<std::pair<std::int64_t, std::string>> files;
    while (const dirent* entry = ::readdir(dir.get())) {
        struct stat found {};
        if (std::string_view(entry->d_name).find(part) == std::string_view::npos) continue;
        if (::fstatat(fd, entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(found.st_mode))
            continue;
        files.emplace_back(std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec,
                           entry->d_name);
    }
    std::sort(files.begin(), files.end());
    for (std::size_t i = 0; i + most < files.size(); ++i) ::unlinkat(fd, files[i].second.c_str(), 0);
}

std::string as_file_name(std::string_view text) {
    std::string name(text.substr(0, kLongestName));
    for (char& c : name) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '.' || c == '_' || c == '-';
        if (!plain) c = '_';
    }
    return name;
}

}  // namespace reaper::guard
