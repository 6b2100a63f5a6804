// What the path of a script or binary says: its package, its own name, or the directory it stands in.
#include <algorithm>
#include <array>
#include <cctype>

#include "classify/program.h"

namespace reaper::classify {
namespace {

using std::string_view;

constexpr std::array<string_view, 22> kScriptEndings = {
    ".js",  ".mjs", ".cjs", ".ts",   ".mts", ".cts", ".tsx", ".jsx", ".py",  ".pyz", ".rb",
    ".php", ".pl",  ".sh",  ".bash", ".lua", ".jar", ".dll", ".exe", ".kts", ".exs", ".AppImage"};

constexpr std::array<string_view, 28> kGeneralStems = {
    "index",      "main",         "server",          "app",          "cli",          "start",
    "run",        "mod",          "__main__",        "stdio",        "serve",        "stdio-wrapper",
    "proxy",      "entry",        "wrapper",         "bin",          "bundle",       "launcher",
    "entrypoint", "start-server", "run-server",      "stdio-server", "server-stdio", "out",
    "launch",     "program",      "minimal_wrapper", "cli-entry"};

constexpr std::array<string_view, 34> kGeneralDirectories = {
    "dist",  "build",   "src",     "lib",     "libexec", "bin",    "out",     "esm",      "cjs",
    "es",    "server",  "servers", "js",      "ts",      "node",   "python",  "app",      "target",
    "debug", "release", "stdio",   "cmd",     "main",    "source", "package", "packages", "mcp",
    "cli",   ".",       "..",      "current", "latest",  "output", "backend"};

template <std::size_t N>
bool any_of(const std::array<string_view, N>& list, string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_version(string_view text) {
    if (text.starts_with('v')) text.remove_prefix(1);
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

string_view base_name(string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == string_view::npos ? path : path.substr(slash + 1);
}

string_view parent(string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == string_view::npos ? string_view() : path.substr(0, slash);
}

string_view without_ending(string_view file) {
    for (const string_view ending : kScriptEndings) {
        if (file.size() > ending.size() && file.ends_with(ending)) {
            file.remove_suffix(ending.size());
            // "mcp-server.bundle.js", "foo-mcp-1.0.3.jar"
            const std::size_t dash = file.rfind('-');
            if (ending == ".jar" && dash != string_view::npos && is_version(file.substr(dash + 1))) {
                file = file.substr(0, dash);
            }
            break;
        }
    }
    for (const string_view suffix : {".bundle", ".min", ".prod"}) {
        if (file.size() > suffix.size() && file.ends_with(suffix)) file.remove_suffix(suffix.size());
    }
    return file;
}

/// The nearest directory above that has a name of its own, at most six up.
string_view telling_directory(string_view directory) {
    for (int up = 0; up < 6 && !directory.empty(); ++up, directory = parent(directory)) {
        const string_view name = base_name(directory);
        if (name.empty() || name.starts_with('@') || is_version(name) ||
            any_of(kGeneralDirectories, name)) {
            continue;
        }
        return name;
    }
    return {};
}

/// Behind the last "node_modules/", or nothing.
string_view inside_node_modules(string_view path) {
    constexpr string_view kDirectory = "node_modules/";
    const std::size_t at = path.rfind(kDirectory);
    if (at == string_view::npos || (at > 0 && path[at - 1] != '/')) return {};
    return path.substr(at + kDirectory.size());
}

Program installed_program(string_view path, string_view inside) {
    Program program;
    program.path = path;
    constexpr string_view kUpFromBin = ".bin/../";
    if (inside.starts_with(kUpFromBin)) inside.remove_prefix(kUpFromBin.size());
    if (inside.starts_with(".bin/")) {
        program.slot = without_ending(inside.substr(5));
        program.kind = NameOf::binary;
        return program;
    }
    std::size_t end = inside.find('/');
    if (inside.starts_with('@') && end != string_view::npos) end = inside.find('/', end + 1);
    program.slot = inside.substr(0, end);
    program.kind = NameOf::package;
    // ".../node_modules/instar/dist/threadline/mcp-stdio-entry.js": the file says more than the package.
    if (end != string_view::npos) {
        const string_view stem = without_ending(base_name(path));
        if (!is_general_stem(stem)) program.also.emplace_back(stem);
    }
    return program;
}

}  // namespace

bool is_general_stem(string_view stem) {
    return any_of(kGeneralStems, stem);
}

std::string program_name(string_view path) {
    string_view name = base_name(path);
    if (name.starts_with('-')) name.remove_prefix(1);
    name = without_ending(name);
    if (name.ends_with(".cmd")) name.remove_suffix(4);
    std::string lower(name);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower;
}

Program program_at(string_view path, NameOf kind) {
    if (path.starts_with("file://")) path.remove_prefix(7);
    while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    if (const string_view inside = inside_node_modules(path); !inside.empty()) {
        return installed_program(path, inside);
    }
    Program program;
    program.path = path;
    program.kind = kind;
    const string_view stem = without_ending(base_name(path));
    const string_view directory = telling_directory(parent(path));
    program.slot = stem;
    program.directory = directory;
    if (is_general_stem(stem) && !directory.empty()) {
        program.slot = directory;
        program.kind = NameOf::directory;
    }
    return program;
}

}  // namespace reaper::classify
