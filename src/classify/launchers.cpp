#include "classify/launchers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "classify/sorted_table.h"

namespace reaper::classify {
namespace {

using std::string_view;

constexpr int kMaxDepth = 8;  // sh -c "sh -c …": nobody needs more.

struct Entry {
    string_view name;
    Reader reader;
};

constexpr auto kReaders = sorted_by(std::to_array<Entry>({
                                        {"npm", read_npm},
                                        {"npm-cli", read_npm},
                                        {"npx", read_package_runner},
                                        {"npx-cli", read_package_runner},
                                        {"bunx", read_package_runner},
                                        {"pnpx", read_package_runner},
                                        {"pnpm", read_pnpm},
                                        {"yarn", read_yarn},
                                        {"yarnpkg", read_yarn},
                                        {"bun", read_bun},
                                        {"node", read_node},
                                        {"nodejs", read_node},
                                        {"deno", read_deno},
                                        {"tsx", read_script_runner},
                                        {"ts-node", read_script_runner},
                                        {"ts-node-esm", read_script_runner},
                                        {"ts-node-dev", read_script_runner},
                                        {"tsnd", read_script_runner},
                                        {"vite-node", read_script_runner},
                                        {"esno", read_script_runner},
                                        {"jiti", read_script_runner},
                                        {"babel-node", read_script_runner},
                                        {"node-dev", read_script_runner},
                                        {"nodemon", read_script_runner},
                                        {"pm2-runtime", read_script_runner},
                                        {"forever", read_script_runner},
                                        {"supervisor", read_script_runner},
                                        {"watchexec", read_script_runner},
                                        {"mcpmon", read_script_runner},
                                        {"reloaderoo", read_script_runner},
                                        {"mcp-reaper", read_guard},
                                        {"mcp-reaper-guard", read_guard},
                                        {"cross-env", read_prefix},
                                        {"smithery", read_smithery},
                                        {"python", read_python},
                                        {"pypy", read_python},
                                        {"uvx", read_uvx},
                                        {"uv", read_uv},
                                        {"pipx", read_pipx},
                                        {"poetry", read_environment_run},
                                        {"pdm", read_environment_run},
                                        {"hatch", read_environment_run},
                                        {"rye", read_environment_run},
                                        {"pixi", read_environment_run},
                                        {"pipenv", read_environment_run},
                                        {"conda", read_environment_run},
                                        {"mamba", read_environment_run},
                                        {"micromamba", read_environment_run},
                                        {"bundle", read_environment_run},
                                        {"docker", read_docker},
                                        {"podman", read_docker},
                                        {"nerdctl", read_docker},
                                        {"sh", read_shell},
                                        {"bash", read_shell},
                                        {"dash", read_shell},
                                        {"zsh", read_shell},
                                        {"ksh", read_shell},
                                        {"fish", read_shell},
                                        {"ash", read_shell},
                                        {"env", read_prefix},
                                        {"nohup", read_prefix},
                                        {"setsid", read_prefix},
                                        {"nice", read_prefix},
                                        {"ionice", read_prefix},
                                        {"chrt", read_prefix},
                                        {"timeout", read_prefix},
                                        {"stdbuf", read_prefix},
                                        {"time", read_prefix},
                                        {"sudo", read_prefix},
                                        {"doas", read_prefix},
                                        {"exec", read_prefix},
                                        {"xvfb-run", read_prefix},
                                        {"dbus-run-session", read_prefix},
                                        {"tini", read_prefix},
                                        {"dumb-init", read_prefix},
                                        {"docker-init", read_prefix},
                                        {"dotenv", read_prefix},
                                        {"op", read_prefix},
                                        {"doppler", read_prefix},
                                        {"infisical", read_prefix},
                                        {"chamber", read_prefix},
                                        {"aws-vault", read_prefix},
                                        {"mise", read_prefix},
                                        {"asdf", read_prefix},
                                        {"direnv", read_prefix},
                                        {"volta", read_prefix},
                                        {"fnm", read_prefix},
                                        {"firejail", read_prefix},
                                        {"proxychains", read_prefix},
                                        {"proxychains4", read_prefix},
                                        {"systemd-run", read_prefix},
                                        {"systemd-inhibit", read_prefix},
                                        {"caffeinate", read_prefix},
                                        {"ruby", read_interpreter},
                                        {"php", read_interpreter},
                                        {"perl", read_interpreter},
                                        {"lua", read_interpreter},
                                        {"julia", read_inline_code},
                                        {"rscript", read_inline_code},
                                        {"r", read_inline_code},
                                        {"elixir", read_interpreter},
                                        {"java", read_java},
                                        {"jbang", read_jbang},
                                        {"dnx", read_dnx},
                                        {"nix", read_nix},
                                        {"uvicorn", read_asgi},
                                        {"gunicorn", read_asgi},
                                        {"hypercorn", read_asgi},
                                        {"ssh", read_ssh},
                                        {"dotnet", read_dotnet},
                                        {"go", read_go},
                                        {"cargo", read_cargo},
                                        {"make", read_make},
                                        {"gmake", read_make},
                                        {"just", read_make},
                                        {"mcpm", read_mcpm},
                                        {"mcp", read_mcp_cli},
                                        {"fastmcp", read_mcp_cli},
                                    }),
                                    &Entry::name);

bool is_assignment(string_view word) {
    const std::size_t equals = word.find('=');
    return equals != string_view::npos && equals > 0 &&
           std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
           });
}

}  // namespace

Reader reader_for(string_view name) {
    // "python3.11", "node20", "php8.2": the same program by a versioned name.
    const auto find = [](string_view wanted) -> Reader {
        const Entry* const entry = find_in(kReaders, wanted, &Entry::name);
        return entry == nullptr ? nullptr : entry->reader;
    };
    if (const Reader exact = find(name)) return exact;
    const std::size_t end = name.find_last_not_of("0123456789.");
    if (end == string_view::npos || end + 1 == name.size()) return nullptr;
    return find(name.substr(0, end + 1));
}

Reading read_command(Words words, int depth) {
    while (!words.empty() && is_assignment(words[0])) words = words.subspan(1);
    if (words.empty() || depth > kMaxDepth) return {};
    if (const Reader reader = reader_for(program_name(words[0]))) return reader(words, depth);
    Program program = program_at(words[0], NameOf::binary);
    program.arguments = rest_of(words, 1);
    return {LauncherKind::none, {}, {std::move(program)}};
}

std::size_t skip_options(Words words, std::size_t from, OptionNames with_value) {
    std::size_t i = from;
    while (i < words.size()) {
        const string_view word = words[i];
        if (word == "--") return i + 1;
        if (!word.starts_with('-') || word.size() == 1) break;
        i += std::find(with_value.begin(), with_value.end(), word) != with_value.end() ? 2 : 1;
    }
    return std::min(i, words.size());
}

string_view option_value(Words words, std::size_t from, std::size_t to, OptionNames names) {
    for (std::size_t i = from; i < std::min(to, words.size()); ++i) {
        const string_view word = words[i];
        for (const string_view name : names) {
            if (word == name && i + 1 < words.size()) return words[i + 1];
            if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=') {
                return word.substr(name.size() + 1);
            }
        }
    }
    return {};
}

Reading launched(LauncherKind kind, string_view name, Program program) {
    return {kind, std::string(name), {std::move(program)}};
}

Reading launched(LauncherKind kind, string_view name, Words rest, int depth) {
    Reading reading = read_command(rest, depth + 1);
    reading.wraps = kind;
    reading.launcher_name = name;
    return reading;
}

ScriptPath script_path(Words words, std::size_t at) {
    constexpr std::size_t kMaxPieces = 5;
    const auto has_ending = [](string_view word) {
        const std::size_t dot = word.rfind('.');
        return dot != string_view::npos && dot + 1 < word.size() && word.size() - dot <= 4 &&
               word.find('/', dot) == string_view::npos;
    };
    const string_view first = words[at];
    const bool cut = first.starts_with('/') && !has_ending(first) &&
                     first.find("/bin/") == string_view::npos &&
                     first.find("/.bin/") == string_view::npos;
    std::string path(first);
    for (std::size_t i = at + 1; cut && i < std::min(words.size(), at + kMaxPieces); ++i) {
        const string_view piece = words[i];
        if (piece.starts_with('-') || piece.starts_with('/') || piece.starts_with('.')) break;
        path += ' ';
        path += piece;
        if (piece.find('/') != string_view::npos && has_ending(piece)) return {path, i + 1};
    }
    return {std::string(first), at + 1};
}

std::vector<std::string> rest_of(Words words, std::size_t from) {
    if (from >= words.size()) return {};
    return {words.begin() + static_cast<std::ptrdiff_t>(from), words.end()};
}

}  // namespace reaper::classify
