#include "classify/known_programs.h"

#include <array>

#include "classify/sorted_table.h"

namespace reaper::classify {
namespace {

using std::string_view;

struct Client {
    string_view program;
    string_view name;
};

// Programs and npm packages.
constexpr auto kClients = sorted_by(std::to_array<Client>({
                                        {"claude", "claude"},
                                        {"claude-desktop", "claude-desktop"},
                                        {"@anthropic-ai/claude-code", "claude"},
                                        {"codex", "codex"},
                                        {"@openai/codex", "codex"},
                                        {"cursor", "cursor"},
                                        {"cursor-agent", "cursor"},
                                        {"code", "code"},
                                        {"code-insiders", "code"},
                                        {"code-oss", "code"},
                                        {"code-server", "code-server"},
                                        {"openvscode-server", "code-server"},
                                        {"codium", "codium"},
                                        {"vscodium", "codium"},
                                        {"windsurf", "windsurf"},
                                        {"antigravity", "antigravity"},
                                        {"trae", "trae"},
                                        {"kiro", "kiro"},
                                        {"kiro-cli", "kiro"},
                                        {"zed", "zed"},
                                        {"zed-editor", "zed"},
                                        {"zeditor", "zed"},
                                        {"gemini", "gemini"},
                                        {"@google/gemini-cli", "gemini"},
                                        {"opencode", "opencode"},
                                        {"opencode-ai", "opencode"},
                                        {"goose", "goose"},
                                        {"goosed", "goose"},
                                        {"cline", "cline"},
                                        {"aider", "aider"},
                                        {"amp", "amp"},
                                        {"@sourcegraph/amp", "amp"},
                                        {"crush", "crush"},
                                        {"@charmland/crush", "crush"},
                                        {"qwen", "qwen"},
                                        {"@qwen-code/qwen-code", "qwen"},
                                        {"kilo", "kilo"},
                                        {"kilocode", "kilo"},
                                        {"@kilocode/cli", "kilo"},
                                        {"copilot", "copilot"},
                                        {"@github/copilot", "copilot"},
                                        {"droid", "droid"},
                                        {"auggie", "auggie"},
                                        {"@augmentcode/auggie", "auggie"},
                                        {"openhands", "openhands"},
                                        {"openclaw", "openclaw"},
                                        {"kimi", "kimi"},
                                        {"kimi-cli", "kimi"},
                                        {"iflow", "iflow"},
                                        {"plandex", "plandex"},
                                        {"codebuff", "codebuff"},
                                        {"mcphost", "mcphost"},
                                        {"mcporter", "mcporter"},
                                        {"mcp2cli", "mcp2cli"},
                                        {"mcp-cli", "mcp-cli"},
                                        {"lm-studio", "lm-studio"},
                                        {"cherry-studio", "cherry-studio"},
                                        {"librechat", "librechat"},
                                        {"mcp-inspector", "inspector"},
                                        {"@modelcontextprotocol/inspector", "inspector"},
                                    }),
                                    &Client::program);

// Parts of paths, for programs that are installed under a version number or run a server half of
// themselves: ".local/share/claude/versions/2.1.238", ".cursor-server/bin/…/out/server-main.js".
constexpr auto kClientPaths = std::to_array<Client>({
    {"/claude/versions/", "claude"},
    {"/.claude/local/", "claude"},
    {"/.cursor-server/", "cursor"},
    {"/.vscode-server/", "code"},
    {"/.vscode-server-insiders/", "code"},
    {"/.windsurf-server/", "windsurf"},
    {"/.antigravity-server/", "antigravity"},
    {"/.zed_server/", "zed"},
    {"/share/cursor/", "cursor"},
    {"/share/code/", "code"},
});

constexpr auto kTools = sorted_by(std::to_array<string_view>({
    // editors and pagers
    "vim",
    "vi",
    "nvim",
    "nano",
    "emacs",
    "emacsclient",
    "helix",
    "hx",
    "micro",
    "less",
    "more",
    "most",
    "cat",
    "bat",
    "tail",
    "head",
    "view",
    "ed",
    "gedit",
    "kate",
    // search, text and files
    "grep",
    "egrep",
    "fgrep",
    "rg",
    "ag",
    "ack",
    "find",
    "fd",
    "fdfind",
    "ls",
    "tree",
    "cp",
    "mv",
    "rm",
    "mkdir",
    "ln",
    "tar",
    "zip",
    "unzip",
    "gzip",
    "xz",
    "diff",
    "sort",
    "uniq",
    "wc",
    "awk",
    "gawk",
    "mawk",
    "sed",
    "tr",
    "cut",
    "xargs",
    "tee",
    "echo",
    "printf",
    "jq",
    "yq",
    "touch",
    "stat",
    "file",
    "du",
    "df",
    "sleep",
    "which",
    "whereis",
    "type",
    "man",
    "info",
    "script",
    "column",
    "md5sum",
    "sha256sum",
    // processes and system
    "kill",
    "pkill",
    "killall",
    "pgrep",
    "pidof",
    "ps",
    "top",
    "htop",
    "btop",
    "lsof",
    "fuser",
    "ss",
    "netstat",
    "strace",
    "ltrace",
    "gdb",
    "lldb",
    "perf",
    "valgrind",
    "watch",
    "systemctl",
    "journalctl",
    "loginctl",
    "dmesg",
    "logger",
    "crontab",
    "at",
    "service",
    "su",
    "login",
    "passwd",
    // terminals and remote
    "tmux",
    "screen",
    "zellij",
    "byobu",
    "sshd",
    "mosh",
    "scp",
    "sftp",
    "rsync",
    "expect",
    // network
    "curl",
    "wget",
    "http",
    "https",
    "nc",
    "ncat",
    "nmap",
    "ping",
    "dig",
    "openssl",
    "tcpdump",
    "nginx",
    "caddy",
    "haproxy",
    "ngrok",
    "cloudflared",
    // packages and version control
    "git",
    "gh",
    "glab",
    "hg",
    "svn",
    "pip",
    "pip3",
    "apt",
    "apt-get",
    "dpkg",
    "brew",
    "snap",
    "flatpak",
    "dnf",
    "yum",
    "pacman",
    "gem",
    "composer",
    "corepack",
    "nvm",
    "pyenv",
    // builders, linters, test runners
    "cmake",
    "ninja",
    "gcc",
    "g++",
    "cc",
    "c++",
    "clang",
    "clang++",
    "ld",
    "rustc",
    "rustup",
    "javac",
    "mvn",
    "gradle",
    "bazel",
    "tsc",
    "tsup",
    "esbuild",
    "swc",
    "webpack",
    "rollup",
    "vite",
    "vitest",
    "jest",
    "mocha",
    "ava",
    "tap",
    "playwright-test",
    "cypress",
    "eslint",
    "prettier",
    "biome",
    "oxlint",
    "ruff",
    "black",
    "mypy",
    "flake8",
    "pylint",
    "pytest",
    "py.test",
    "tox",
    "nox",
    "coverage",
    "next",
    "nuxt",
    "astro",
    "turbo",
    "nx",
    "lerna",
    "changeset",
    "husky",
    "lint-staged",
    "typedoc",
    "concurrently",
    "npm-run-all",
    "rimraf",
    "prisma-generate",
    // services and databases
    "redis-server",
    "redis-cli",
    "psql",
    "postgres",
    "mysql",
    "mysqld",
    "mongod",
    "mongosh",
    "sqlite3",
    "memcached",
    "ollama",
    "dockerd",
    "containerd",
    "kubectl",
    "helm",
    "minikube",
    "terraform",
    "ansible",
    "ansible-playbook",
    "vagrant",
    "supervisord",
    "cron",
    "rsyslogd",
    "dbus-daemon",
}));

constexpr auto kLanguageServers = sorted_by(std::to_array<string_view>({
    "gopls",
    "rust-analyzer",
    "clangd",
    "tsserver",
    "typescript-language-server",
    "pyright",
    "pyright-langserver",
    "basedpyright-langserver",
    "pylsp",
    "jdtls",
    "lua-language-server",
    "zls",
    "solargraph",
    "ruby-lsp",
    "omnisharp",
    "vtsls",
    "biome-lsp",
    "efm-langserver",
    "texlab",
    "nil",
    "nixd",
    "sourcekit-lsp",
    "haskell-language-server",
    "metals",
    "typescript",
    "eslint-server",
    "tsserver-wrapper",
}));

string_view name_of(string_view program) {
    const Client* const known = find_in(kClients, program, &Client::program);
    return known == nullptr ? string_view() : known->name;
}

string_view by_path(string_view path) {
    for (const Client& one : kClientPaths) {
        if (path.find(one.program) != string_view::npos) return one.name;
    }
    return {};
}

}  // namespace

string_view client_name(const Program& program) {
    if (program.kind == NameOf::package) return name_of(program.slot);
    if (program.kind == NameOf::image || program.kind == NameOf::module) return {};
    // A plain file that happens to be called code.py or goose.js is nobody's agent.
    const std::size_t slash = program.path.rfind('/');
    const string_view file =
        string_view(program.path).substr(slash == std::string::npos ? 0 : slash + 1);
    const bool plain_script = program.interpreted && file.find('.') != string_view::npos;
    if (!plain_script) {
        if (const string_view name = name_of(program_name(program.path)); !name.empty()) return name;
    }
    return by_path(program.path);
}

string_view client_at(string_view exe) {
    if (exe.ends_with(" (deleted)")) exe.remove_suffix(10);  // an agent that updated itself
    if (const string_view name = name_of(program_name(exe)); !name.empty()) return name;
    // An editor's server half runs its extensions' programs by its own node: the path alone is not
    // enough.
    return exe.find("/claude/versions/") != string_view::npos ? string_view("claude") : string_view();
}

bool is_common_tool(string_view name) {
    return find_in(kTools, name) != nullptr;
}

bool is_language_server(string_view name) {
    return find_in(kLanguageServers, name) != nullptr || name.ends_with("-language-server") ||
           name.ends_with("-langserver") || name.ends_with("-lsp") ||
           name.ends_with("language_server") || name.ends_with("-language-service");
}

}  // namespace reaper::classify
