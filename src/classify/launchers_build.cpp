// Interpreters of other languages, build tools that run what they built, and server managers.
#include <algorithm>
#include <array>

#include "classify/launchers.h"

namespace reaper::classify {
namespace {

using std::string_view;

Program named(std::string_view slot, NameOf kind, Words words, std::size_t arguments) {
    Program program;
    program.slot = slot;
    program.path = slot;
    program.kind = kind;
    program.arguments = rest_of(words, arguments);
    return program;
}

}  // namespace

Reading read_interpreter(Words words, int) {
    const std::size_t at = skip_options(words, 1, {"-I", "-r", "-d", "-c", "-t", "-C", "-e"});
    for (std::size_t i = 1; i < at; ++i) {
        if (words[i] == "-e" || words[i] == "-r") return {};
    }
    if (at >= words.size()) return {};
    Program program = program_at(words[at], NameOf::script);
    program.arguments = rest_of(words, at + 1);
    program.interpreted = true;
    return {LauncherKind::none, {}, {std::move(program)}};
}

Reading read_inline_code(Words words, int depth) {
    for (std::size_t i = 1; i + 1 < words.size(); ++i) {
        if (words[i] != "-e") continue;
        // `Rscript -e pkg::mcp_server()`: the call stands where a script's name would.
        Program program = named(string_view(words[i + 1]).substr(0, words[i + 1].find('(')),
                                NameOf::module, words, words.size());
        program.interpreted = true;
        return {LauncherKind::none, {}, {std::move(program)}};
    }
    return read_interpreter(words, depth);
}

Reading read_java(Words words, int) {
    const auto jar = std::find(words.begin(), words.end(), "-jar");
    const std::size_t at = jar != words.end()
                               ? static_cast<std::size_t>(jar - words.begin()) + 1
                               : skip_options(words, 1,
                                              {"-cp", "-classpath", "--class-path", "--module-path",
                                               "-p", "--add-modules", "-m", "--module"});
    if (at >= words.size()) return {};
    Program program = program_at(words[at], NameOf::script);
    if (jar == words.end()) program.slot = string_view(words[at]).substr(words[at].rfind('.') + 1);
    program.arguments = rest_of(words, at + 1);
    program.interpreted = true;
    return {LauncherKind::none, {}, {std::move(program)}};
}

Reading read_jbang(Words words, int) {
    std::size_t at = skip_options(words, 1, {});
    if (at < words.size() && words[at] == "run") at = skip_options(words, at + 1, {});
    if (at >= words.size()) return {};
    // name@catalogue, or group:artifact:version
    string_view name = string_view(words[at]).substr(0, words[at].find('@'));
    if (const std::size_t colon = name.find(':'); colon != string_view::npos) {
        name.remove_prefix(colon + 1);
        name = name.substr(0, name.find(':'));
    }
    return launched(LauncherKind::wrapper, "jbang", named(name, NameOf::package, words, at + 1));
}

Reading read_dnx(Words words, int) {
    const std::size_t at =
        skip_options(words, 1, {"--version", "--source", "--configfile", "--verbosity"});
    if (at >= words.size()) return {};
    return launched(LauncherKind::wrapper, "dnx",
                    named(without_version(words[at]), NameOf::package, words, at + 1));
}

Reading read_nix(Words words, int depth) {
    const std::size_t verb = skip_options(words, 1, {});
    if (verb >= words.size()) return {};
    if (words[verb] == "develop" || words[verb] == "shell") {
        const auto command = std::find_if(words.begin(), words.end(), [](const std::string& word) {
            return word == "-c" || word == "--command";
        });
        if (command == words.end()) return {};
        const std::size_t at = static_cast<std::size_t>(command - words.begin()) + 1;
        return launched(LauncherKind::wrapper, "nix", words.subspan(std::min(at, words.size())), depth);
    }
    const std::size_t at = skip_options(words, verb + 1, {"--option", "--override-input", "-I"});
    if (words[verb] != "run" || at >= words.size()) return {};
    // github:owner/repository#program
    string_view name = words[at];
    const std::size_t program = name.rfind('#');
    name = program != string_view::npos ? name.substr(program + 1) : name.substr(name.rfind('/') + 1);
    return launched(LauncherKind::wrapper, "nix run", named(name, NameOf::package, words, at + 1));
}

Reading read_asgi(Words words, int) {
    const std::size_t at = skip_options(words, 1,
                                        {"--host", "--port", "--workers", "--log-level", "-w", "-b",
                                         "--bind", "--app-dir", "--env-file", "-k"});
    if (at >= words.size()) return {};
    Program program =
        named(string_view(words[at]).substr(0, words[at].find(':')), NameOf::module, words, at + 1);
    program.interpreted = true;
    return {LauncherKind::none, {}, {std::move(program)}};
}

Reading read_dotnet(Words words, int depth) {
    if (words.size() < 2) return {};
    if (words[1] == "dnx") return read_dnx(words.subspan(1), depth);
    if (words[1] == "run") {
        const std::size_t at = skip_options(
            words, 2,
            {"--project", "-p", "-c", "--configuration", "-f", "--framework", "--launch-profile", "-v"});
        const string_view project = option_value(words, 2, at, {"--project", "-p"});
        if (project.empty()) return {LauncherKind::wrapper, "dotnet run", {}};
        Program program = program_at(project, NameOf::directory);
        program.arguments = rest_of(words, at);
        return launched(LauncherKind::wrapper, "dotnet run", std::move(program));
    }
    std::size_t at = words[1] == "exec" ? 2 : 1;
    if (at >= words.size() || !words[at].ends_with(".dll")) return {};
    Program program = program_at(words[at], NameOf::script);
    program.arguments = rest_of(words, at + 1);
    program.interpreted = true;
    return {LauncherKind::none, {}, {std::move(program)}};
}

Reading read_go(Words words, int) {
    if (words.size() < 3 || words[1] != "run") return {};
    const std::size_t at = skip_options(words, 2, {"-C", "-mod", "-tags", "-ldflags", "-o", "-exec"});
    if (at >= words.size()) return {};
    Program program = program_at(without_version(words[at]), NameOf::directory);
    program.arguments = rest_of(words, at + 1);
    return launched(LauncherKind::wrapper, "go run", std::move(program));
}

Reading read_cargo(Words words, int) {
    if (words.size() < 2 || words[1] != "run") return {};
    const std::size_t at = skip_options(words, 2,
                                        {"--bin", "-p", "--package", "--manifest-path", "--features",
                                         "-F", "--profile", "--target", "-j"});
    for (const auto& names :
         {option_value(words, 2, at, {"--bin"}), option_value(words, 2, at, {"-p", "--package"})}) {
        if (!names.empty()) {
            return launched(LauncherKind::wrapper, "cargo run", named(names, NameOf::binary, words, at));
        }
    }
    const string_view manifest = option_value(words, 2, at, {"--manifest-path"});
    Program program = program_at(manifest.substr(0, manifest.rfind('/')), NameOf::directory);
    program.arguments = rest_of(words, at);
    return launched(LauncherKind::wrapper, "cargo run", std::move(program));
}

Reading read_make(Words words, int) {
    const std::size_t at = skip_options(words, 1, {"-C", "--directory", "-f", "--file", "-j"});
    Reading reading{LauncherKind::wrapper, program_name(words[0]), {}};
    // A target named like a package ("crystaldba/postgres-mcp-pro") runs it; "mcp-server" builds it.
    if (at < words.size() && words[at].find('/') != std::string::npos &&
        words[at].find('.') == std::string::npos) {
        reading.programs.push_back(named(words[at], NameOf::package, words, at + 1));
    }
    return reading;
}

Reading read_mcpm(Words words, int) {
    if (words.size() < 3 || words[1] != "run") return {};
    const std::size_t at = skip_options(words, 2, {"--port", "--host"});
    if (at >= words.size()) return {};
    Program program = named(words[at], NameOf::package, words, at + 1);
    program.also.emplace_back(words[at] + "-mcp");  // whatever mcpm runs is a server
    return launched(LauncherKind::wrapper, "mcpm run", std::move(program));
}

Reading read_mcp_cli(Words words, int) {
    // The Python SDK's own command: `mcp run server.py` serves, `mcp dev server.py` is the inspector.
    if (words.size() < 2) return {};
    constexpr auto kOther = std::to_array<string_view>({"dev", "install", "inspect", "version", "list"});
    if (words[1] != "run") {
        if (std::find(kOther.begin(), kOther.end(), words[1]) != kOther.end()) return {};
        Program program = program_at(words[0], NameOf::binary);  // somebody's server called "mcp"
        program.arguments = rest_of(words, 1);
        return {LauncherKind::none, {}, {std::move(program)}};
    }
    const std::size_t at =
        skip_options(words, 2, {"-t", "--transport", "--host", "--port", "-p", "--with"});
    if (at >= words.size()) return {};
    const bool address = words[at].find("://") != std::string::npos;
    const string_view file =
        string_view(words[at]).substr(0, address ? words[at].size() : words[at].rfind(':'));
    Program program = address ? named("mcp-" + std::string(file.substr(file.find("://") + 3)),
                                      NameOf::module, words, at)
                              : program_at(file, NameOf::script);
    program.also.emplace_back("mcp");
    program.arguments = rest_of(words, at + 1);
    program.interpreted = true;
    return {LauncherKind::none, {}, {std::move(program)}};
}

}  // namespace reaper::classify
