#include "cli/policy_source.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include "cli/output.h"
#include "cli/users.h"

namespace reaper::cli {
namespace {

/// After `su` without `-l` HOME is still somebody else's: their policy is not ours to go by.
bool is_our_directory(const char* path) {
    struct stat found {};
    return path != nullptr && path[0] == '/' && ::stat(path, &found) == 0 && found.st_uid == ::geteuid();
}

/// $XDG_CONFIG_HOME, which the XDG base directory specification wants ignored unless it is absolute,
/// or ~/.config.
std::string config_home() {
    const char* const config = std::getenv("XDG_CONFIG_HOME");
    if (config != nullptr && config[0] == '/') return config;
    const char* const home = std::getenv("HOME");
    if (is_our_directory(home)) return std::string(home) + "/.config";
    return home_directory(::getuid()).value_or("") + "/.config";
}

/// Certainly not there, as opposed to there but unreadable: that is the loader's to tell.
bool is_missing(const std::string& path) {
    return ::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

std::optional<std::string> installed_policy() {
    std::vector<std::string> places;
    if (::geteuid() != 0) places.push_back(config_home() + "/mcp-reaper/policy.yaml");
    places.emplace_back(kSystemPolicy);
    for (std::string& place : places) {
        if (!is_missing(place)) return std::move(place);
    }
    return std::nullopt;
}

}  // namespace

Option policy_option() {
    return {"policy", 0, "FILE",
            "The policy to go by. Without it: ~/.config/mcp-reaper/policy.yaml (not as root), else " +
                std::string(kSystemPolicy) + ", else the built-in default."};
}

std::optional<ChosenPolicy> choose_policy(const std::optional<std::string>& file) {
    const std::optional<std::string> path = file ? file : installed_policy();
    policy::LoadResult loaded = path ? policy::load_policy(*path) : policy::default_policy();
    if (!loaded) {
        complain(loaded.error());
        return std::nullopt;
    }
    return ChosenPolicy{std::move(*loaded), path.value_or("default (built in)")};
}

void complain(const policy::PolicyErrors& errors) {
    for (const policy::PolicyError& error : errors) remark(error.message());
}

scan::AssembleOptions assemble_options(const policy::Policy& policy) {
    scan::AssembleOptions options;
    for (const policy::ServerType& type : policy.servers) {
        if (type.helper_listens) options.helper_listens.push_back(type.type);
    }
    return options;
}

}  // namespace reaper::cli
