// How the programs that start programs read their arguments. Internal to classify/.
//
// Each reader takes the words from its own program on (words[0] is "npx", "docker" …) and says what
// is run in the end. Options that take a value must be known by name, or their values would be taken
// for the program; an unknown option is taken for a flag.
#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <string_view>

#include "classify/program.h"

namespace reaper::classify {

/// Names of options, written in place or kept in an array. Lives no longer than the call.
class OptionNames {
  public:
    OptionNames(std::initializer_list<std::string_view> names) : names_(names.begin(), names.size()) {}
    template <std::size_t N>
    OptionNames(const std::array<std::string_view, N>& names) : names_(names) {}

    [[nodiscard]] auto begin() const { return names_.begin(); }
    [[nodiscard]] auto end() const { return names_.end(); }

  private:
    std::span<const std::string_view> names_;
};

using Reader = Reading (*)(Words words, int depth);

/// The reader for a program of this name; nullptr for a program that starts nothing we know of.
Reader reader_for(std::string_view name);

// launchers_node.cpp
Reading read_npm(Words words, int depth);
Reading read_package_runner(Words words, int depth);  ///< npx, bunx, pnpx
Reading read_pnpm(Words words, int depth);
Reading read_yarn(Words words, int depth);
Reading read_bun(Words words, int depth);
Reading read_node(Words words, int depth);
Reading read_deno(Words words, int depth);
Reading read_script_runner(Words words, int depth);  ///< tsx, ts-node, nodemon …
Reading read_smithery(Words words, int depth);

// launchers_python.cpp
Reading read_python(Words words, int depth);
Reading read_uvx(Words words, int depth);
Reading read_uv(Words words, int depth);
Reading read_pipx(Words words, int depth);
Reading read_environment_run(Words words, int depth);  ///< poetry run, conda run …

// launchers_guard.cpp
Reading read_guard(Words words, int depth);  ///< mcp-reaper run -- …, and what it becomes

// launchers_container.cpp
Reading read_docker(Words words, int depth);

// launchers_shell.cpp
Reading read_shell(Words words, int depth);
Reading read_prefix(Words words, int depth);  ///< env, timeout, sudo, nohup …
Reading read_ssh(Words words, int depth);

// launchers_build.cpp
Reading read_interpreter(Words words, int depth);  ///< ruby, php, perl …: SCRIPT ARGUMENTS
Reading read_inline_code(Words words, int depth);  ///< R -e, julia -e
Reading read_java(Words words, int depth);
Reading read_jbang(Words words, int depth);
Reading read_dnx(Words words, int depth);
Reading read_nix(Words words, int depth);
Reading read_asgi(Words words, int depth);  ///< uvicorn MODULE:APP
Reading read_dotnet(Words words, int depth);
Reading read_go(Words words, int depth);
Reading read_cargo(Words words, int depth);
Reading read_make(Words words, int depth);
Reading read_mcpm(Words words, int depth);
Reading read_mcp_cli(Words words, int depth);  ///< mcp run, fastmcp run

/// Where the options end that stand at words[from…]: the index of the first positional. `with_value`
/// names the options that take the next word as their value.
std::size_t skip_options(Words words, std::size_t from, OptionNames with_value);

/// The value of `--name value`, `--name=value` among words[from, to); empty where it is not there.
std::string_view option_value(Words words, std::size_t from, std::size_t to, OptionNames names);

/// A reading in which `name` starts `program`.
Reading launched(LauncherKind kind, std::string_view name, Program program);

/// A reading in which `name` starts whatever words[from…] say.
Reading launched(LauncherKind kind, std::string_view name, Words rest, int depth);

/// The path that starts at words[at] and the index behind it: text cuts "/home/dev/My Projects/x.js" at
/// its space, and the part behind it shows by its own "/" and script ending.
struct ScriptPath {
    std::string path;
    std::size_t next = 0;
};
ScriptPath script_path(Words words, std::size_t at);

/// The rest of the words as arguments.
std::vector<std::string> rest_of(Words words, std::size_t from);

}  // namespace reaper::classify
