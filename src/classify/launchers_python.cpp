// python, uv, uvx, pipx and the runners of virtual environments.
#include <algorithm>
#include <array>

#include "classify/launchers.h"

namespace reaper::classify {
namespace {

using std::string_view;

/// "git+https://github.com/a/foo-mcp.git@main", "foo-mcp==1.2", "foo-mcp[x]", "./dir" -> the name.
std::string requirement_name(string_view spec) {
    if (spec.starts_with("git+")) spec.remove_prefix(4);
    if (const std::size_t scheme = spec.find("://"); scheme != string_view::npos) {
        spec.remove_prefix(scheme + 3);
        const std::size_t path = spec.find('/');
        if (path == string_view::npos) return {};
        spec.remove_prefix(path + 1);
        spec = spec.substr(0, spec.find('#'));
        spec = spec.substr(0, spec.find('@'));
    }
    while (spec.ends_with('/')) spec.remove_suffix(1);
    if (const std::size_t slash = spec.rfind('/'); slash != string_view::npos)
        spec = spec.substr(slash + 1);
    if (const std::size_t at = spec.find('@', 1); at != string_view::npos) spec = spec.substr(0, at);
    return std::string(without_version(spec));
}

Program module_program(string_view module) {
    Program program;
    program.kind = NameOf::module;
    program.path = module;
    program.slot = module;
    program.interpreted = true;
    // "kubectl_mcp_tool.minimal_wrapper": the package speaks for its modules.
    if (const std::size_t dot = module.find('.'); dot != string_view::npos) {
        program.also.emplace_back(module.substr(0, dot));
        program.also.emplace_back(module.substr(module.rfind('.') + 1));
    }
    return program;
}

bool is_script(string_view word) {
    return word.ends_with(".py") || word.ends_with(".pyz");
}

/// The command that `uvx`, `uv tool run` or `pipx run` ends in.
Reading read_tool(string_view launcher, Words words, std::size_t from, int depth) {
    std::size_t at = skip_options(words, from,
                                  {"--from",
                                   "--with",
                                   "--with-editable",
                                   "--with-requirements",
                                   "--python",
                                   "-p",
                                   "--index-url",
                                   "-i",
                                   "--extra-index-url",
                                   "--index",
                                   "--default-index",
                                   "--cache-dir",
                                   "--directory",
                                   "--project",
                                   "--env-file",
                                   "--constraint",
                                   "-c",
                                   "--spec",
                                   "--pip-args",
                                   "--refresh-package",
                                   "--upgrade-package",
                                   "-P",
                                   "--exclude-newer",
                                   "--prerelease",
                                   "--resolution",
                                   "--link-mode"});
    const std::string source = requirement_name(option_value(words, from, at, {"--from", "--spec"}));
    if (at + 1 < words.size() && words[at] == "run") ++at;  // `uvx run NAME`, seen in the wild
    if (at >= words.size()) return {LauncherKind::wrapper, std::string(launcher), {}};
    const std::string name = program_name(without_version(words[at]));
    if (reader_for(name) != nullptr && at + 1 < words.size()) {  // uvx python, uvx fastmcp run …
        return launched(LauncherKind::wrapper, launcher, words.subspan(at), depth);
    }
    Program program;
    if (is_script(words[at]) || words[at].find('/') != std::string::npos) {
        program = program_at(words[at], NameOf::script);
        if (!source.empty()) program.slot = source;
    } else {
        program.slot = requirement_name(words[at]);
        program.path = words[at];
    }
    program.kind = NameOf::package;
    if (!source.empty()) program.also.push_back(source);
    program.arguments = rest_of(words, at + 1);
    return launched(LauncherKind::wrapper, launcher, std::move(program));
}

}  // namespace

Reading read_python(Words words, int depth) {
    const std::size_t end = words.size();
    std::size_t at = 1;
    for (; at < end && words[at].starts_with('-') && words[at].size() > 1; ++at) {
        const string_view word = words[at];
        if (word == "-c" || word == "-V" || word == "--version") return {};
        if (word == "-m" || (word.size() > 2 && !word.starts_with("--") && word.ends_with('m'))) {
            if (at + 1 >= end) return {};
            // `python -m uv run x`, `python -m uvicorn x.server:app`
            if (words[at + 1] != "mcp" && reader_for(words[at + 1]) != nullptr) {
                return read_command(words.subspan(at + 1), depth + 1);
            }
            Program program = module_program(words[at + 1]);
            program.arguments = rest_of(words, at + 2);
            return {LauncherKind::none, {}, {std::move(program)}};
        }
        if (word == "-W" || word == "-X" || word == "--check-hash-based-pycs") ++at;
    }
    if (at >= end) return {};
    const std::string name = program_name(words[at]);
    if (name == "uv" || name == "uvx" || name == "pipx" || name == "mcpm" || name == "mcp" ||
        name == "fastmcp") {
        return read_command(words.subspan(at), depth + 1);
    }
    const ScriptPath script = script_path(words, at);
    Program program = program_at(script.path, NameOf::script);
    program.arguments = rest_of(words, script.next);
    program.interpreted = true;
    return {LauncherKind::none, {}, {std::move(program)}};
}

Reading read_uvx(Words words, int depth) {
    return read_tool("uvx", words, 1, depth);
}

Reading read_pipx(Words words, int depth) {
    if (words.size() < 2 || words[1] != "run") return {};
    return read_tool("pipx run", words, 2, depth);
}

Reading read_uv(Words words, int depth) {
    constexpr auto kGlobal = std::to_array<string_view>(
        {"--directory", "--project", "--cache-dir", "--config-file", "--color", "--python", "-p"});
    std::size_t at = skip_options(words, 1, kGlobal);
    // A directory with a space in it loses its border in text: look on for the verb.
    if (at < words.size() && words[at] != "run" && words[at] != "tool" &&
        !option_value(words, 1, at, {"--directory", "--project"}).empty()) {
        const auto run = std::find(words.begin() + static_cast<std::ptrdiff_t>(at), words.end(), "run");
        if (run != words.end()) at = static_cast<std::size_t>(run - words.begin());
    }
    if (at >= words.size()) return {};
    if (words[at] == "tool") {
        if (at + 1 >= words.size() || (words[at + 1] != "run" && words[at + 1] != "uvx")) return {};
        return read_tool("uv tool run", words, at + 2, depth);
    }
    if (words[at] != "run") return {};

    const std::size_t options = at + 1;
    const std::size_t command = skip_options(words, options,
                                             {"--with",
                                              "--with-editable",
                                              "--with-requirements",
                                              "--python",
                                              "-p",
                                              "--project",
                                              "--directory",
                                              "--extra",
                                              "--group",
                                              "--only-group",
                                              "--no-group",
                                              "--env-file",
                                              "--index-url",
                                              "-i",
                                              "--extra-index-url",
                                              "--index",
                                              "--default-index",
                                              "--cache-dir",
                                              "--package",
                                              "-m",
                                              "--module",
                                              "--refresh-package",
                                              "--exclude-newer",
                                              "--link-mode",
                                              "--prerelease"});
    const std::string module(option_value(words, options, command, {"-m", "--module"}));
    const string_view project = option_value(words, 1, command, {"--directory", "--project"});
    if (module.empty() && command >= words.size()) return {LauncherKind::wrapper, "uv run", {}};

    Reading reading;
    if (!module.empty()) {
        Program program = module_program(module);
        program.arguments = rest_of(words, command);
        reading = launched(LauncherKind::wrapper, "uv run", std::move(program));
    } else if (is_script(words[command]) && words[command].find("://") == std::string::npos) {
        Program program = program_at(words[command], NameOf::script);
        program.arguments = rest_of(words, command + 1);
        program.interpreted = true;
        reading = launched(LauncherKind::wrapper, "uv run", std::move(program));
    } else {
        reading = launched(LauncherKind::wrapper, "uv run", words.subspan(command), depth);
    }
    if (!project.empty()) {
        const Program directory = program_at(std::string(project) + "/index", NameOf::directory);
        for (Program& program : reading.programs) program.also.push_back(directory.slot);
    }
    return reading;
}

Reading read_environment_run(Words words, int depth) {
    const std::string name = program_name(words[0]);
    const auto run = std::find_if(words.begin(), words.end(), [](const std::string& word) {
        return word == "run" || word == "exec";
    });
    if (run == words.end()) return {};
    const std::size_t from = static_cast<std::size_t>(run - words.begin()) + 1;
    const std::size_t at = skip_options(words, from,
                                        {"-n", "--name", "-p", "--prefix", "-e", "--environment", "-C",
                                         "--directory", "--project", "--cwd"});
    return launched(LauncherKind::wrapper, name + " run", words.subspan(std::min(at, words.size())),
                    depth);
}

}  // namespace reaper::classify
