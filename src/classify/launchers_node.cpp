// npm, npx, pnpm, yarn, bun, node, deno and what is run by them.
#include <algorithm>
#include <array>

#include "classify/launchers.h"

namespace reaper::classify {
namespace {

using std::string_view;

string_view base_name(string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == string_view::npos ? path : path.substr(slash + 1);
}

/// The program of a package by its specification: name, name@version, a git address, a path.
Program package_program(string_view spec) {
    if (spec.starts_with('.') || spec.starts_with('/')) return program_at(spec, NameOf::directory);
    Program program;
    program.kind = NameOf::package;
    program.path = spec;
    for (const string_view prefix : {"npm:", "jsr:", "github:", "git+", "gitlab:"}) {
        if (spec.starts_with(prefix)) spec.remove_prefix(prefix.size());
    }
    const bool address = spec.find("://") != string_view::npos;
    program.slot = without_version(address ? base_name(without_version(spec)) : spec);
    return program;
}

/// Packages whose command has another name and starts something else.
std::string command_of_package(string_view package) {
    if (package == "@smithery/cli") return "smithery";
    const string_view bare = without_version(package);
    return std::string(bare);
}

Reading read_package(string_view launcher, Words words, std::size_t at, std::string_view other_package,
                     int depth) {
    const std::string command = command_of_package(without_version(words[at]));
    if (command.find('/') == std::string::npos && reader_for(command) != nullptr) {
        std::vector<std::string> inner = rest_of(words, at);
        inner[0] = command;
        return launched(LauncherKind::wrapper, launcher, inner, depth);
    }
    Program program = package_program(words[at]);
    program.arguments = rest_of(words, at + 1);
    if (!other_package.empty()) program.also.emplace_back(without_version(other_package));
    return launched(LauncherKind::wrapper, launcher, std::move(program));
}

/// [options] PACKAGE ARGUMENTS, from words[from] on; also `-p PACKAGE -c COMMAND`.
Reading read_runner_arguments(string_view launcher, Words words, std::size_t from, int depth) {
    const std::size_t at = skip_options(words, from,
                                        {"-p",
                                         "--package",
                                         "-c",
                                         "--call",
                                         "--registry",
                                         "--prefix",
                                         "--cache",
                                         "--userconfig",
                                         "-w",
                                         "--workspace",
                                         "--node-options",
                                         "--loglevel",
                                         "--node-arg",
                                         "--shell",
                                         "--script-shell",
                                         "--cwd",
                                         "-C",
                                         "--dir",
                                         "--allow-build",
                                         "--reporter"});
    const string_view package = option_value(words, from, at, {"-p", "--package"});
    const string_view call = option_value(words, from, at, {"-c", "--call"});
    if (!call.empty()) {
        const std::vector<std::string> shell = {"sh", "-c", std::string(call)};
        return launched(LauncherKind::wrapper, launcher, shell, depth);
    }
    if (at >= words.size()) {  // npm's title may hide what it runs: `npx -p X -c Y` shows "npm exec".
        Reading reading{LauncherKind::wrapper, std::string(launcher), {}};
        if (!package.empty()) reading.programs.push_back(package_program(package));
        return reading;
    }
    return read_package(launcher, words, at, package, depth);
}

/// npm run, yarn start …: the command stands in package.json; the script's name may tell ("npm run
/// mcp"), or the package it is run in ("pnpm --filter @acme/mcp start"), else only the child.
Reading package_script(string_view launcher, string_view script = {}, string_view package = {}) {
    Reading reading{LauncherKind::wrapper, std::string(launcher), {}};
    const bool starts = script == "start" || script == "serve";
    const string_view name = starts ? package : script;
    if (name.empty()) return reading;
    Program program;
    program.slot = name;
    program.path = name;
    program.kind = starts ? NameOf::package : NameOf::binary;
    reading.programs.push_back(std::move(program));
    return reading;
}

bool is_script_file(string_view word) {
    return word.find('/') != string_view::npos || word.ends_with(".js") || word.ends_with(".ts") ||
           word.ends_with(".mjs") || word.ends_with(".cjs") || word.ends_with(".tsx") ||
           word.ends_with(".mts") || word.ends_with(".jsx");
}

/// A script that node runs may be a launcher itself: `node /usr/bin/npx …`, `node …/tsx/dist/cli.mjs …`.
Reading read_script(Words words, std::size_t at, int depth) {
    Program program = program_at(words[at], NameOf::script);
    const std::string name =
        program.kind == NameOf::package ? command_of_package(program.slot) : program_name(words[at]);
    // ".bin/mcp" and "dist/mcp.js" are somebody's server, not the SDK's command of that name.
    const bool is_command =
        reader_for(name) != nullptr && name != "node" && name != "mcp" && name != "r";
    if (is_command) {
        // ".../node_modules/npm/bin/npx-cli.js": the package is npm, the file says npx.
        const std::string file = program_name(words[at]);
        std::vector<std::string> inner = rest_of(words, at);
        inner[0] = reader_for(file) != nullptr ? file : name;
        return read_command(inner, depth + 1);
    }
    const ScriptPath script = script_path(words, at);
    if (script.next > at + 1) program = program_at(script.path, NameOf::script);
    program.arguments = rest_of(words, script.next);
    program.interpreted = true;
    return {LauncherKind::none, {}, {std::move(program)}};
}

}  // namespace

Reading read_package_runner(Words words, int depth) {
    std::string name = program_name(words[0]);
    if (name == "npx-cli") name = "npx";
    return read_runner_arguments(name, words, 1, depth);
}

Reading read_npm(Words words, int depth) {
    const std::size_t at = skip_options(
        words, 1,
        {"--prefix", "-C", "--registry", "-w", "--workspace", "--cache", "--userconfig", "--loglevel"});
    if (at >= words.size()) return {};
    const string_view verb = words[at];
    if (verb == "exec" || verb == "x") return read_runner_arguments("npm exec", words, at + 1, depth);
    if (verb == "run" || verb == "run-script") {
        const std::size_t script = skip_options(words, at + 1, {"-w", "--workspace", "--prefix"});
        return package_script("npm run",
                              script < words.size() ? string_view(words[script]) : string_view());
    }
    if (verb == "start") return package_script("npm start");
    return {};
}

Reading read_pnpm(Words words, int depth) {
    const std::size_t at = skip_options(
        words, 1, {"--dir", "-C", "--prefix", "--filter", "-F", "--reporter", "--loglevel"});
    if (at >= words.size()) return {};
    const string_view verb = words[at];
    if (verb == "dlx" || verb == "exec") {
        return read_runner_arguments(verb == "dlx" ? "pnpm dlx" : "pnpm exec", words, at + 1, depth);
    }
    const string_view filter = option_value(words, 1, at, {"--filter", "-F"});
    if (verb == "run" && at + 1 < words.size()) return package_script("pnpm run", words[at + 1], filter);
    return package_script("pnpm run", verb, filter);
}

Reading read_yarn(Words words, int depth) {
    const std::size_t at = skip_options(words, 1, {"--cwd"});
    if (at >= words.size()) return {};
    const string_view verb = words[at];
    if (verb == "dlx" || verb == "exec") {
        return read_runner_arguments(verb == "dlx" ? "yarn dlx" : "yarn exec", words, at + 1, depth);
    }
    if (verb == "run" && at + 1 < words.size()) return package_script("yarn run", words[at + 1]);
    return package_script("yarn run", verb);
}

Reading read_bun(Words words, int depth) {
    std::size_t at = skip_options(
        words, 1, {"--cwd", "-r", "--preload", "--config", "-c", "--env-file", "--inspect", "--port"});
    if (at >= words.size()) return {};
    if (words[at] == "x") return read_runner_arguments("bun x", words, at + 1, depth);
    const bool run = words[at] == "run";
    if (run) {
        const std::size_t options = at + 1;
        at = skip_options(words, options,
                          {"--cwd", "-r", "--preload", "--config", "-c", "--env-file", "--filter"});
        if (at >= words.size()) return {};
        if (!is_script_file(words[at])) {
            // Claude's plug-ins bring their servers as `bun run --cwd <plug-in> start`.
            const string_view cwd = option_value(words, options, at, {"--cwd"});
            Reading reading = package_script("bun run");
            if (words[at] == "start" && (cwd.find("claude-plugins") != string_view::npos ||
                                         cwd.find("CLAUDE_PLUGIN_ROOT") != string_view::npos)) {
                Program program = program_at(std::string(cwd) + "/start", NameOf::script);
                program.also.emplace_back("claude-plugin-mcp");
                reading.programs.push_back(std::move(program));
            }
            return reading;
        }
    } else if (!is_script_file(words[at])) {
        return {};  // bun install, bun test, bun build …
    }
    return read_script(words, at, depth);
}

Reading read_node(Words words, int depth) {
    constexpr std::array<string_view, 4> kInline = {"-e", "--eval", "-p", "--print"};
    const std::size_t at = skip_options(
        words, 1,
        {"-r", "--require", "--import", "--loader", "--experimental-loader", "--env-file", "-C",
         "--conditions", "--title", "-e", "--eval", "-p", "--print", "--run", "--watch-path"});
    for (std::size_t i = 1; i < at; ++i) {
        if (std::find(kInline.begin(), kInline.end(), words[i]) != kInline.end()) return {};
        if (words[i] == "--run") return package_script("node --run");
        if (words[i] == "--test") return {};
    }
    if (at >= words.size()) return {};
    return read_script(words, at, depth);
}

Reading read_deno(Words words, int) {
    std::size_t at = skip_options(words, 1, {});
    const auto names_package = [](string_view word) {
        return word.starts_with("npm:") || word.starts_with("jsr:");
    };
    if (at >= words.size()) return {};
    if (words[at] == "run" || words[at] == "serve") {
        at = skip_options(words, at + 1,
                          {"-c", "--config", "--import-map", "--env-file", "--cert", "-L"});
        if (at >= words.size()) return {};
    } else if (!names_package(words[at])) {
        return {};  // deno lsp, deno test …
    }
    const string_view spec = words[at];
    const bool package = names_package(spec);
    Program program = package ? package_program(spec) : program_at(spec, NameOf::script);
    program.arguments = rest_of(words, at + 1);
    program.interpreted = true;
    return {LauncherKind::none, {}, {std::move(program)}};
}

Reading read_script_runner(Words words, int depth) {
    const std::string name = program_name(words[0]);
    constexpr std::array<string_view, 9> kSupervisors = {"nodemon",     "node-dev",  "ts-node-dev",
                                                         "tsnd",        "forever",   "supervisor",
                                                         "pm2-runtime", "watchexec", "mcpmon"};
    bool supervises = std::find(kSupervisors.begin(), kSupervisors.end(), name) != kSupervisors.end();
    constexpr auto kValued = std::to_array<string_view>(
        {"-x",        "--exec",   "-w",        "--watch",  "-e",         "--ext",
         "-i",        "--ignore", "-d",        "--delay",  "--tsconfig", "-P",
         "--project", "-r",       "--require", "--import", "--loader",   "--env-file",
         "-c",        "--config", "--signal",  "-s",       "--cwd"});
    std::size_t at = skip_options(words, 1, kValued);
    if (at < words.size() && (words[at] == "watch" || words[at] == "start")) {
        supervises = supervises || words[at] == "watch";
        at = skip_options(words, at + 1, kValued);
    }
    const LauncherKind kind = supervises ? LauncherKind::supervisor : LauncherKind::wrapper;
    const string_view command = option_value(words, 1, at, {"-x", "--exec"});
    if (!command.empty()) {
        // Text loses the border of the command: all that follows may be part of it.
        std::string line(command);
        for (const std::string& word : words.subspan(at)) line += ' ' + word;
        const std::vector<std::string> shell = {"sh", "-c", line};
        return launched(kind, name, shell, depth);
    }
    if (at >= words.size()) return {kind, name, {}};
    if (!is_script_file(words[at])) return launched(kind, name, words.subspan(at), depth);
    Reading reading = read_script(words, at, depth);
    reading.wraps = kind;
    reading.launcher_name = name;
    return reading;
}

Reading read_smithery(Words words, int depth) {
    const std::size_t at = skip_options(words, 1, {});
    if (at >= words.size() || words[at] != "run") return {};
    Reading reading = read_runner_arguments("smithery run", words, at + 1, depth);
    for (Program& program : reading.programs) program.also.push_back(program.slot + "-mcp");
    return reading;  // whatever smithery runs is a server
}

}  // namespace reaper::classify
