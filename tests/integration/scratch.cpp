#include "scratch.h"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <system_error>

namespace reaper::integration {

namespace fs = std::filesystem;

Scratch::Scratch() {
    std::string name = (fs::temp_directory_path() / "mcp-reaper-test.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
        throw std::system_error(errno, std::generic_category(), "mkdtemp");
    path_ = name;
    fs::permissions(path_, fs::perms(0755));
}

Scratch::~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string which(const std::string& program) {
    const char* path = getenv("PATH");
    std::istringstream directories(path != nullptr ? path : "");
    for (std::string directory; std::getline(directories, directory, ':');) {
        const fs::path candidate = fs::path(directory) / program;
        if (access(candidate.c_str(), X_OK) == 0) return fs::canonical(candidate).string();
    }
    return "";
}

}  // namespace reaper::integration
