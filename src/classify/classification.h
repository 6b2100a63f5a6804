// What a command line says about its process. A value; made by Classifier.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reaper::classify {

enum class Role {
    none,      ///< Not of interest, or not to be told from the text alone.
    client,    ///< A program that uses servers: claude, codex, code …; never signalled.
    launcher,  ///< Only starts a server: npx, sh -c, uvx, docker run -i, nodemon …
    server,    ///< The server itself.
};

enum class LauncherKind {
    none,
    wrapper,     ///< Starts its program once and waits for it.
    supervisor,  ///< Starts its program again when it ends (nodemon, pm2-runtime, our own guard).
    container,   ///< The program runs in a container and is no descendant (docker run -i).
};

enum class TypeSource {
    none,
    pattern,    ///< A server type of the policy.
    derived,    ///< From the package or program name; the policy does not name it.
    structure,  ///< Only its place among the processes speaks for it: suspected, never acted on.
};

/// A command line taken apart. All texts are unredacted.
struct ParsedCommand {
    LauncherKind launcher = LauncherKind::none;
    std::string launcher_name;  ///< "npm exec", "sh -c", "uvx"; empty where the program is run directly.
    /// The program slot: package, script, module, image or binary, with the sub-command where that
    /// decides ("shadcn mcp"). Patterns are matched against this and nothing else.
    std::string program;
    std::vector<std::string> arguments;  ///< What follows the program slot.
};

struct Classification {
    Role role = Role::none;
    std::string type;  ///< Server type; for a client its name; else empty.
    TypeSource type_source = TypeSource::none;
    std::string rule;  ///< What decided, for people: "pattern playwright.*mcp", "name mcp-server-x".
    ParsedCommand command;
    /// Starts something, whatever it is (npm run, sh -c, tsx, uv run): the process may belong to the
    /// server below it, which only its children can tell. Set for every role.
    LauncherKind wraps = LauncherKind::none;
    /// A script or program whose text says nothing (`node dist/index.js`): where it stands on disk or
    /// among the processes may still tell.
    bool undecided = false;
};

/// Its command line names a server: it is one, or starts one.
inline bool names_a_server(const Classification& what) {
    return what.role == Role::server || what.role == Role::launcher;
}

std::string_view to_string(Role role);
std::string_view to_string(LauncherKind kind);
std::string_view to_string(TypeSource source);

}  // namespace reaper::classify
