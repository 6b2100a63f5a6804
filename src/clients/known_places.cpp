#include "clients/known_places.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/directory.h"
#include "clients/real_path.h"
#include "pass/places.h"

namespace reaper::clients {
namespace {

namespace fs = std::filesystem;

enum class Below {
    home,
    config,         ///< XDG_CONFIG_HOME
    claude_config,  ///< CLAUDE_CONFIG_DIR
    project,        ///< The working directory, and each above it.
};

struct Place {
    Client client;
    Below below;
    const char* path;  ///< "*" in it is any directory.
};

// Claude Code: code.claude.com/docs/en/mcp ("MCP installation scopes": ~/.claude.json has the user's
// servers
//   and, below `projects`, those of one directory; .mcp.json the project's) and .../settings
//   (CLAUDE_CONFIG_DIR).
// Cursor: cursor.com/docs/context/mcp ("Configuration locations": .cursor/mcp.json and
// ~/.cursor/mcp.json). VS Code: code.visualstudio.com/docs/copilot/reference/mcp-configuration
// (.vscode/mcp.json, and mcp.json in
//   the user profile) and .../docs/getstarted/settings#_settings-file-locations (the profile's
//   directory:
//   ~/.config/Code/User; ~/.vscode-server/data/User of a remote host); before version 1.102
//   settings.json's "mcp" had them. VSCodium and the Insiders have the same under their own names.
constexpr auto kPlaces = std::to_array<Place>({
    {Client::claude_code, Below::home, ".claude.json"},
    {Client::claude_code, Below::claude_config, ".claude.json"},
    {Client::claude_code, Below::project, ".mcp.json"},
    {Client::cursor, Below::home, ".cursor/mcp.json"},
    {Client::cursor, Below::project, ".cursor/mcp.json"},
    {Client::vscode, Below::config, "Code/User/mcp.json"},
    {Client::vscode, Below::config, "Code/User/profiles/*/mcp.json"},
    {Client::vscode, Below::config, "Code - Insiders/User/mcp.json"},
    {Client::vscode, Below::config, "Code - Insiders/User/profiles/*/mcp.json"},
    {Client::vscode, Below::config, "VSCodium/User/mcp.json"},
    {Client::vscode, Below::config, "VSCodium/User/profiles/*/mcp.json"},
    {Client::vscode, Below::home, ".vscode-server/data/User/mcp.json"},
    {Client::vscode, Below::project, ".vscode/mcp.json"},
});

std::vector<std::string> with_all_above(std::string directory) {
    std::vector<std::string> all;
    if (!directory.starts_with('/')) return all;
    for (;; directory = directory_of(directory)) {
        all.push_back(directory);
        if (directory == "/") return all;
    }
}

std::vector<std::string> tops_of(Below below, const Surroundings& here) {
    const auto one = [](const std::optional<std::string>& directory) {
        return directory ? std::vector{*directory} : std::vector<std::string>{};
    };
    switch (below) {
        case Below::home:
            return one(here.home);
        case Below::config:
            return one(here.config_home);
        case Below::claude_config:
            return one(here.claude_config);
        case Below::project:
            break;
    }
    return with_all_above(here.directory);
}

bool is_there(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/// The files that a path with at most one "*" stands for, by name.
std::vector<std::string> expanded(const std::string& path) {
    const std::size_t star = path.find("/*/");
    if (star == std::string::npos) return {path};
    std::vector<std::string> all;
    std::error_code error;
    fs::directory_iterator entries(path.substr(0, star), error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
        all.push_back(entries->path().string() + path.substr(star + 2));
    }
    std::sort(all.begin(), all.end());
    return all;
}

}  // namespace

std::string_view to_string(Client client) {
    switch (client) {
        case Client::claude_code:
            return "Claude Code";
        case Client::cursor:
            return "Cursor";
        case Client::vscode:
            break;
    }
    return "VS Code";
}

Surroundings our_surroundings() {
    std::error_code error;
    const char* const claude = std::getenv("CLAUDE_CONFIG_DIR");
    Surroundings here;
    here.home = pass::our_home();
    here.config_home = pass::xdg_home("XDG_CONFIG_HOME", ".config");
    if (claude != nullptr && claude[0] == '/') here.claude_config = claude;
    here.directory = fs::current_path(error).string();
    return here;
}

std::vector<FoundFile> known_files(const Surroundings& surroundings) {
    std::vector<FoundFile> files;
    std::set<std::string> seen;
    for (const Place& place : kPlaces) {
        for (const std::string& top : tops_of(place.below, surroundings)) {
            for (const std::string& path : expanded((top == "/" ? "" : top) + '/' + place.path)) {
                if (!is_there(path)) continue;
                const auto real = real_path(path);
                if (!seen.insert(real ? real->path() : path).second) continue;
                files.push_back({place.client, path, place.below == Below::project});
            }
        }
    }
    return files;
}

}  // namespace reaper::clients
