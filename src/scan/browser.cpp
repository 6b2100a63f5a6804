#include "scan/browser.h"

#include <algorithm>
#include <array>
#include <vector>

#include "classify/command_line.h"

namespace reaper::scan {
namespace {

std::string_view last_part(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

std::string_view without_last_part(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

template <std::size_t N>
bool has(const std::array<std::string_view, N>& list, std::string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_chromium(std::string_view program) {
    constexpr auto kPrograms = std::to_array<std::string_view>(
        {"chrome", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
         "google-chrome-beta", "google-chrome-unstable", "chrome-headless-shell", "headless_shell",
         "msedge", "microsoft-edge", "microsoft-edge-stable", "microsoft-edge-beta",
         "microsoft-edge-dev", "brave", "brave-browser", "vivaldi-bin", "opera"});
    return has(kPrograms, program);
}

bool is_firefox(std::string_view program) {
    constexpr auto kPrograms = std::to_array<std::string_view>(
        {"firefox", "firefox-bin", "firefox-esr", "librewolf", "waterfox", "zen", "zen-bin"});
    return has(kPrograms, program);
}

std::vector<std::string> arguments_of(std::string_view cmdline) {
    return classify::CommandLine::from_proc(cmdline).tokens();
}

/// Processes that a browser starts for itself.
bool is_part_of_browser(const std::vector<std::string>& arguments) {
    return std::any_of(arguments.begin(), arguments.end(), [](const std::string& word) {
        return word.starts_with("--type=") || word == "-contentproc";
    });
}

/// How @playwright/mcp (0.0.1 to 0.0.83) and chrome-devtools-mcp (to 1.11) name the profiles that they
/// keep in ~/.cache, wherever that is; empty for any other directory.
std::string_view package_of(std::string_view directory) {
    const std::string_view name = last_part(directory);
    const std::string_view owner = last_part(without_last_part(directory));
    if ((owner == "ms-playwright" || owner == "ms-playwright-mcp") && name.starts_with("mcp-"))
        return "@playwright/mcp";
    if (owner == "chrome-devtools-mcp" && name.starts_with("chrome-profile"))
        return "chrome-devtools-mcp";
    return {};
}

bool is_temporary(std::string_view directory) {
    const std::string_view name = last_part(directory);
    return (name.starts_with("puppeteer_dev_") && name.find("profile-") != std::string_view::npos) ||
           (name.starts_with("playwright_") && name.find("dev_profile-") != std::string_view::npos);
}

void read_profile(std::string_view directory, ControlledBrowser& browser) {
    while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
    browser.directory = directory;
    browser.package = package_of(directory);
    browser.profile = Profile::other;
    if (is_temporary(directory)) browser.profile = Profile::temporary;
    if (!browser.package.empty()) browser.profile = Profile::mcp;
}

}  // namespace

bool may_be_browser(std::string_view comm) {
    constexpr auto kStarts =
        std::to_array<std::string_view>({"chrom", "google-chrome", "headless_shell", "msedge",
                                         "microsoft-edge", "brave", "vivaldi", "opera"});
    constexpr std::string_view kFirstLetters = "cghmbvo";
    if (comm.empty() || kFirstLetters.find(comm.front()) == std::string_view::npos) return false;
    return std::any_of(kStarts.begin(), kStarts.end(),
                       [&](std::string_view start) { return comm.starts_with(start); });
}

std::optional<ControlledBrowser> controlled_browser(std::string_view cmdline) {
    if (cmdline.find("--remote-debugging-") == std::string_view::npos) return std::nullopt;
    const std::vector<std::string> arguments = arguments_of(cmdline);
    if (arguments.empty() || !is_chromium(last_part(arguments[0]))) return std::nullopt;
    if (is_part_of_browser(arguments)) return std::nullopt;
    ControlledBrowser browser;
    bool by_port = false;
    for (const std::string& word : arguments) {
        constexpr std::string_view kDirectory = "--user-data-dir=";
        if (word.starts_with(kDirectory))
            read_profile(std::string_view(word).substr(kDirectory.size()), browser);
        if (word == "--remote-debugging-pipe" || word.starts_with("--remote-debugging-pipe="))
            browser.by_pipe = true;
        if (word.starts_with("--remote-debugging-port")) by_port = true;
    }
    if (!browser.by_pipe && !by_port) return std::nullopt;
    if (by_port) browser.by_pipe = false;  // Somebody may be there whom no descriptor shows.
    return browser;
}

bool is_personal_browser(std::string_view cmdline) {
    const std::vector<std::string> arguments = arguments_of(cmdline);
    if (arguments.empty()) return false;
    const std::string_view program = last_part(arguments[0]);
    if (!is_chromium(program) && !is_firefox(program)) return false;
    return std::none_of(arguments.begin() + 1, arguments.end(), [](std::string_view word) {
        if (word.starts_with("--")) word.remove_prefix(1);
        constexpr auto kControlled = std::to_array<std::string_view>(
            {"-remote-debugging", "-headless", "-user-data-dir", "-type=", "-contentproc",
             "-enable-automation", "-marionette", "-juggler", "-profile", "-screenshot"});
        return std::any_of(kControlled.begin(), kControlled.end(),
                           [&](std::string_view start) { return word.starts_with(start); });
    });
}

bool names_debugging_pipe(std::string_view cmdline) {
    return cmdline.find("--remote-debugging-pipe") != std::string_view::npos;
}

}  // namespace reaper::scan
