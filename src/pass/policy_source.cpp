#include "pass/policy_source.h"

#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "pass/places.h"

namespace reaper::pass {
namespace {

/// Certainly not there, as opposed to there but unreadable: that is the loader's to tell.
bool is_missing(const std::string& path) {
    return ::access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

}  // namespace

std::vector<std::string> policy_places() {
    std::vector<std::string> places;
    if (::geteuid() != 0) {
        if (const auto home = xdg_home("XDG_CONFIG_HOME", ".config")) {
            places.push_back(*home + "/mcp-reaper/policy.yaml");
        }
    }
    places.emplace_back(kSystemPolicy);
    return places;
}

std::optional<std::string> installed_policy() {
    for (std::string& place : policy_places()) {
        if (!is_missing(place)) return std::move(place);
    }
    return std::nullopt;
}

PolicyChoice choose_policy(const std::optional<std::string>& file) {
    const std::optional<std::string> path = file ? file : installed_policy();
    policy::LoadResult loaded = path ? policy::load_policy(*path) : policy::default_policy();
    if (!loaded) return tl::unexpected(std::move(loaded.error()));
    return ChosenPolicy{std::move(*loaded), path.value_or("default (built in)")};
}

scan::AssembleOptions assemble_options(const policy::Policy& policy) {
    scan::AssembleOptions options;
    for (const policy::ServerType& type : policy.servers) {
        if (type.helper_listens) options.helper_listens.push_back(type.type);
    }
    return options;
}

}  // namespace reaper::pass
