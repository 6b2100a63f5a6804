#include "daemon/hook_trust.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace reaper::daemon {
namespace {

namespace fs = std::filesystem;

std::string reason(int code) {
    return std::generic_category().message(code);
}

/// Who else could change it; empty where nobody could.
std::string changeable(const struct stat& entry, const std::string& path) {
    if (entry.st_uid != 0 && entry.st_uid != ::geteuid()) {
        return fmt::format("{} belongs to uid {}, and root runs only what root owns", path,
                           entry.st_uid);
    }
    const bool by_group = (entry.st_mode & S_IWGRP) != 0 && entry.st_gid != 0;
    const bool by_all = (entry.st_mode & S_IWOTH) != 0;
    if (!by_group && !by_all) return "";
    return fmt::format("{} may be written by {}, and root runs only what others cannot change", path,
                       by_all ? "everyone" : "its group");
}

/// In a sticky directory (/tmp) nobody replaces what is not theirs, so only the file itself counts
/// there.
std::string changeable_directories(const fs::path& path) {
    for (fs::path directory = path.parent_path();; directory = directory.parent_path()) {
        struct stat entry {};
        if (::stat(directory.c_str(), &entry) != 0) {
            return fmt::format("{} cannot be looked at: {}", directory.string(), reason(errno));
        }
        if ((entry.st_mode & S_ISVTX) == 0) {
            if (std::string why = changeable(entry, directory.string()); !why.empty()) return why;
        }
        if (directory == directory.parent_path()) return "";
    }
}

/// `path` is absolute and there.
std::string changeable_by_others(const std::string& path) {
    struct stat entry {};
    if (::stat(path.c_str(), &entry) != 0) return path + " cannot be looked at: " + reason(errno);
    if (std::string why = changeable(entry, path); !why.empty()) return why;
    std::error_code failed;
    const fs::path target = fs::canonical(path, failed);
    if (failed) return path + " cannot be looked at: " + failed.message();
    std::string why = changeable_directories(fs::path(path).lexically_normal());
    return why.empty() ? changeable_directories(target) : why;
}

std::string no_program(const std::string& path) {
    if (path.empty() || path.front() != '/') return "its program is no absolute path: " + path;
    struct stat entry {};
    if (::stat(path.c_str(), &entry) != 0) return path + " cannot be run: " + reason(errno);
    if (!S_ISREG(entry.st_mode)) return path + " cannot be run: it is no file";
    if (::access(path.c_str(), X_OK) != 0) return path + " cannot be run: " + reason(errno);
    return "";
}

bool names_a_file(const std::string& argument) {
    struct stat entry {};
    return !argument.empty() && argument.front() == '/' && ::stat(argument.c_str(), &entry) == 0 &&
           S_ISREG(entry.st_mode);
}

bool written_by_all(const std::string& path) {
    struct stat entry {};
    return ::stat(path.c_str(), &entry) == 0 && (entry.st_mode & S_IWOTH) != 0;
}

}  // namespace

std::string untrusted_command(const policy::Hook& hook, bool root) {
    if (hook.command.empty()) return "it has no command";
    if (std::string why = no_program(hook.command.front()); !why.empty()) return why;
    for (const std::string& word : hook.command) {
        if (!names_a_file(word)) continue;
        if (!root && written_by_all(word)) return word + " may be written by everyone";
        if (!root) continue;
        if (std::string why = changeable_by_others(word); !why.empty()) return why;
    }
    return "";
}

}  // namespace reaper::daemon
