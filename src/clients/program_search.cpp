#include "clients/program_search.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace reaper::clients {
namespace {

bool may_be_run(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
           ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::optional<std::string> find_program(const std::string& command, std::string_view path) {
    if (command.empty()) return std::nullopt;
    if (command.find('/') != std::string::npos)
        return may_be_run(command) ? std::optional(command) : std::nullopt;
    for (;;) {
        const std::size_t end = std::min(path.find(':'), path.size());
        // An empty directory is the working directory.
        std::string candidate(end == 0 ? std::string_view(".") : path.substr(0, end));
        candidate.append("/").append(command);
        if (may_be_run(candidate)) return candidate;
        if (end == path.size()) return std::nullopt;
        path.remove_prefix(end + 1);
    }
}

}  // namespace reaper::clients
