// Where clients keep their configurations, and which of these files are here.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace reaper::clients {

enum class Client { claude_code, cursor, vscode };
std::string_view to_string(Client client);

struct FoundFile {
    Client client = Client::claude_code;
    std::string path;
    bool of_project = false;  ///< Holds in a directory; else for the user.

    bool operator==(const FoundFile&) const = default;
};

/// Where to look: the directories as they are here, or as a test has them.
struct Surroundings {
    std::optional<std::string> home;
    std::optional<std::string> config_home;    ///< XDG_CONFIG_HOME, else ~/.config.
    std::optional<std::string> claude_config;  ///< CLAUDE_CONFIG_DIR.
    std::string directory;                     ///< The working directory: with all above it.
};
Surroundings our_surroundings();

/// Each file once (by where it leads), in the order of the table. What may not be looked at counts as
/// there: reading it says why it cannot be read.
std::vector<FoundFile> known_files(const Surroundings& surroundings);

}  // namespace reaper::clients
