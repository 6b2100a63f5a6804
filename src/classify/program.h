// A command line taken apart: through its launchers to the program that runs in the end.
//
// Internal to classify/. The knowledge of how npx, docker, uv, sh and the others read their arguments
// stands in launchers.cpp, one function each.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "classify/classification.h"
#include "classify/name.h"

namespace reaper::classify {

using Words = std::span<const std::string>;

/// The program at the end of a command line.
struct Program {
    /// What patterns see: a package without version, a binary's or script's name, a module, an image.
    std::string slot;
    NameOf kind = NameOf::binary;
    std::string path;  ///< Of a script or binary: as written.
    /// More names that speak for the same program, best first: the script in a package, the package of
    /// `uvx --from`, the project of `uv --directory`.
    std::vector<std::string> also;
    /// The nearest directory with a name of its own: tells the type of "foo/mcp-server.js", but proves
    /// nothing about "foo-mcp/build.js".
    std::string directory;
    std::vector<std::string> arguments;
    bool interpreted =
        false;  ///< A script or module that an interpreter runs: its text may say nothing.
};

/// A reading of a whole command line.
struct Reading {
    LauncherKind wraps = LauncherKind::none;  ///< Of the outermost launcher.
    std::string launcher_name;                ///< Likewise.
    std::vector<Program> programs;  ///< One; several for `sh -c "a; b"`; none where nothing is run.
};

/// `depth` bounds `sh -c "sh -c …"`.
Reading read_command(Words words, int depth = 0);

/// The program slot of a script or binary by its path: "/x/node_modules/@a/b/dist/index.js" -> "@a/b",
/// "/x/foo-mcp/build/index.js" -> "foo-mcp", "/x/.bin/foo" -> "foo".
Program program_at(std::string_view path, NameOf kind);

/// "/opt/bin/Node.exe" -> "node"; "-bash" (a login shell) -> "bash".
std::string program_name(std::string_view path);

/// A script's name that says nothing about what it is: index, main, server, cli …
bool is_general_stem(std::string_view stem);

}  // namespace reaper::classify
