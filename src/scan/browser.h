// What a browser's command line says about who controls it. Pure.
//
// Internal to scan/.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace reaper::scan {

/// Whose a browser's profile directory is, by its path.
enum class Profile {
    other,      ///< A person's, or nobody can tell.
    temporary,  ///< One that puppeteer or playwright make for one run, for whomever they work.
    mcp,        ///< One that an MCP server keeps for itself, and nobody else has a reason to use.
};

/// The main process of a browser that another program controls.
struct ControlledBrowser {
    bool by_pipe = false;   ///< Over its descriptors 3 and 4, not over a port.
    std::string directory;  ///< --user-data-dir; empty where it has none.
    Profile profile = Profile::other;
    std::string package;  ///< The MCP server that such an mcp profile belongs to: "@playwright/mcp".
};

/// Whether a process of this name (comm) may be one of these browsers. To be asked first: to search all
/// command lines of a host for an option costs 0.2 to 0.5 µs a process, this 0.04.
bool may_be_browser(std::string_view comm);

/// Nothing where it is no browser, one of its helpers (--type=renderer), or one that nobody was given
/// the control of. `cmdline` as in Process.
std::optional<ControlledBrowser> controlled_browser(std::string_view cmdline);

/// The main process of a browser that says nothing of being controlled, having a profile of its own or
/// showing nothing on a screen: a person's. A server that opens a page for its user (xdg-open) may be
/// its parent.
bool is_personal_browser(std::string_view cmdline);

/// A quick look for the option alone: whether it is worth to read descriptors 3 and 4.
bool names_debugging_pipe(std::string_view cmdline);

}  // namespace reaper::scan
