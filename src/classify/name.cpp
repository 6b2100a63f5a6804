#include "classify/name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

namespace reaper::classify {
namespace {

using std::string_view;

bool any_of(std::span<const string_view> list, string_view word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
char to_lower(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

// Words that say nothing about which server it is.
constexpr std::array<string_view, 22> kGeneralWords = {
    "mcp",      "server", "servers", "model", "context", "protocol", "modelcontextprotocol",
    "official", "linux",  "darwin",  "arm64", "x64",     "amd64",    "x86",
    "musl",     "gnu",    "js",      "ts",    "py",      "latest",   "stdio",
    "service"};

// Left over alone these say as little: "@shopify/dev-mcp" is of its scope.
constexpr std::array<string_view, 12> kWeakWords = {"dev",   "api",  "app",    "cli", "tool", "tools",
                                                    "local", "node", "python", "bun", "my",   "the"};

// A name with one of these is about servers, not one: "mcp-inspector", "my-mcp-server-mysqld-helper".
constexpr std::array<string_view, 38> kDenyingWords = {
    "inspector", "conformance", "sdk",         "test",       "tests",   "testing",  "spec",
    "e2e",       "helper",      "helpers",     "lint",       "eslint",  "validate", "validator",
    "scaffold",  "template",    "boilerplate", "cache",      "config",  "configs",  "log",
    "logs",      "bench",       "benchmark",   "benchmarks", "eval",    "evals",    "publisher",
    "types",     "setup",       "build",       "watchdog",   "scanner", "scan",     "cleanup",
    "cleaner",   "fixture",     "fixtures"};

// Alone beside "mcp" these are something else: mcp-cli, mcp-client, mcphost, mcp-chat.
constexpr std::array<string_view, 20> kOtherTools = {
    "inspect", "dev",     "use",  "framework", "studio",  "playground", "cli",
    "client",  "clients", "host", "chat",      "agent",   "agents",     "tool",
    "tools",   "get",     "docs", "registry",  "monitor", "dashboard"};

// What is done about servers, by a script of that name or as a sub-command of a package.
constexpr std::array<string_view, 66> kChores = {
    "reap",      "purge",   "prune",   "ensure",   "add",     "analyze",  "analyse", "audit",
    "backup",    "bench",   "build",   "check",    "clean",   "cleanup",  "compile", "config",
    "configure", "convert", "count",   "create",   "debug",   "delete",   "deploy",  "disable",
    "download",  "enable",  "export",  "find",     "fix",     "format",   "gen",     "generate",
    "import",    "init",    "inspect", "install",  "kill",    "lint",     "list",    "migrate",
    "monitor",   "parse",   "patch",   "probe",    "publish", "register", "release", "remove",
    "report",    "restart", "restore", "show",     "stop",    "sync",     "tail",    "test",
    "uninstall", "update",  "upgrade", "validate", "verify",  "watch",    "wait",    "scan",
    "setup",     "cleaner"};

constexpr std::array<string_view, 53> kAdministration = {"add",
                                                         "add-json",
                                                         "add-from-claude-desktop",
                                                         "list",
                                                         "ls",
                                                         "remove",
                                                         "rm",
                                                         "get",
                                                         "install",
                                                         "uninstall",
                                                         "login",
                                                         "logout",
                                                         "enable",
                                                         "disable",
                                                         "reset",
                                                         "reset-project-choices",
                                                         "help",
                                                         "status",
                                                         "config",
                                                         "configure",
                                                         "auth",
                                                         "search",
                                                         "init",
                                                         "update",
                                                         "upgrade",
                                                         "inspect",
                                                         "debug",
                                                         "test",
                                                         "validate",
                                                         "doctor",
                                                         "version",
                                                         "setup",
                                                         "check",
                                                         "catalog",
                                                         "tools",
                                                         "client",
                                                         "secret",
                                                         "policy",
                                                         "create",
                                                         "build",
                                                         "publish",
                                                         "edit",
                                                         "info",
                                                         "show",
                                                         "stop",
                                                         "restart",
                                                         "logs",
                                                         "import",
                                                         "export",
                                                         "--help",
                                                         "-h",
                                                         "--version",
                                                         "-V"};

bool has(const std::vector<std::string>& words, string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// Part of a longer word where that still says so: kagimcp, mcpxcodebuild, mcpo. Only for names that
/// were chosen for a package: /usr/sbin/mcpd is somebody's daemon.
bool glued_mcp(const std::vector<std::string>& words) {
    return std::any_of(words.begin(), words.end(), [](const std::string& word) {
        return word.size() > 3 && word.starts_with("mcp") && word != "mcpd" && word != "mcps";
    });
}

/// kagimcp, rivemcp: nothing else in English ends so.
bool ends_in_mcp(const std::vector<std::string>& words) {
    return std::any_of(words.begin(), words.end(),
                       [](const std::string& word) { return word.size() > 4 && word.ends_with("mcp"); });
}

bool spells_out_mcp(string_view name, const std::vector<std::string>& words) {
    if (name.starts_with("@modelcontextprotocol/server-")) return true;
    for (std::size_t i = 0; i + 2 < words.size(); ++i) {
        if (words[i] == "model" && words[i + 1] == "context" && words[i + 2] == "protocol") return true;
    }
    return false;
}

string_view base_name(string_view name) {
    const std::size_t slash = name.rfind('/');
    return slash == string_view::npos ? name : name.substr(slash + 1);
}

/// The part before the last "/", without "@": the scope of a package, the owner of an image.
string_view scope_of(string_view name) {
    const std::size_t slash = name.rfind('/');
    if (slash == string_view::npos) return {};
    string_view scope = base_name(name.substr(0, slash));
    if (scope.starts_with('@')) scope.remove_prefix(1);
    return scope;
}

std::string join_specific(const std::vector<std::string>& words) {
    std::string type;
    bool only_weak = true;
    for (const std::string& word : words) {
        if (any_of(kGeneralWords, word)) continue;
        only_weak = only_weak && any_of(kWeakWords, word);
        if (!type.empty()) type += '-';
        type += word;
    }
    return only_weak ? std::string() : type;
}

}  // namespace

std::vector<std::string> words_of(string_view name) {
    std::vector<std::string> words;
    std::string word;
    const auto flush = [&] {
        if (!word.empty()) words.push_back(std::move(word));
        word.clear();
    };
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (!is_upper(c) && !is_lower(c) && !is_digit(c)) {
            flush();
            continue;
        }
        // "DBMCPServer": the one word that capitals must not hide.
        const bool mixed = i > 0 && name.substr(i, 3) == "MCP" && i + 3 < name.size() &&
                           is_upper(name[i + 3]) && std::any_of(name.begin(), name.end(), is_lower);
        if (mixed) {
            flush();
            words.emplace_back("mcp");
            i += 2;
            continue;
        }
        if (is_upper(c) && i > 0) {
            const bool after_lower = is_lower(name[i - 1]);
            const bool before_lower =
                is_upper(name[i - 1]) && i + 1 < name.size() && is_lower(name[i + 1]);
            if (after_lower || before_lower) flush();  // fooBar, MCPServer
        }
        // "1mcp" is "1" and "mcp"; "context7", "k8s" and "x64" stay whole.
        if (is_lower(c) && i > 0 && is_digit(name[i - 1]) &&
            std::all_of(word.begin(), word.end(), is_digit)) {
            flush();
        }
        word.push_back(to_lower(c));
    }
    flush();
    return words;
}

string_view without_version(string_view name) {
    const std::size_t at = name.find('@', 1);
    if (at != string_view::npos && name[at - 1] != '/') name = name.substr(0, at);
    for (const string_view mark : {"==", ">=", "<=", "~=", "[", "#"}) {
        const std::size_t cut = name.find(mark);
        if (cut != string_view::npos && cut > 0) name = name.substr(0, cut);
    }
    if (name.ends_with(".git")) name.remove_suffix(4);
    return name;
}

std::string derive_type(string_view name) {
    name = without_version(name);
    if (std::string type = join_specific(words_of(base_name(name))); !type.empty()) return type;
    if (std::string type = join_specific(words_of(scope_of(name))); !type.empty()) return type;
    // "dev-tools-mcp" without a scope: its weak words are all there is.
    std::string weak;
    for (const std::string& word : words_of(base_name(name))) {
        if (any_of(kGeneralWords, word)) continue;
        if (!weak.empty()) weak += '-';
        weak += word;
    }
    return weak.empty() ? std::string(kGenericType) : weak;
}

bool makes_servers(const std::vector<std::string>& words) {
    constexpr std::array<string_view, 16> kVerbs = {
        "add",     "build", "check", "create", "gen",  "generate", "init", "inspect",
        "install", "kill",  "lint",  "reap",   "scan", "setup",    "test", "validate"};
    return !words.empty() && any_of(kVerbs, words.front());
}

bool is_administration(string_view subcommand) {
    return any_of(kAdministration, subcommand);
}

bool starts_with_chore(const std::vector<std::string>& words) {
    return !words.empty() && any_of(kChores, words.front());
}

NameVerdict judge_name(string_view name, NameOf kind) {
    name = without_version(name);
    const string_view base = base_name(name);
    if (base.starts_with("mcp-reaper")) return {};
    const std::vector<std::string> words = words_of(base);
    const bool published = kind == NameOf::package || kind == NameOf::image;

    const bool
        named_after_reference =  // "@gongrzhe/server-calendar", after @modelcontextprotocol/server-x
        kind == NameOf::package && name.starts_with('@') && base.starts_with("server-");
    const bool says_mcp = has(words, "mcp") || has(words, "mcps") || spells_out_mcp(name, words) ||
                          ends_in_mcp(words) || (published && glued_mcp(words));
    const bool by_owner = kind == NameOf::image && scope_of(name) == "mcp";  // docker's mcp/fetch
    if (!says_mcp && !by_owner && !named_after_reference) return {};

    // A package is published to be used: "debug-mcp" debugs, but a script "debug-mcp.js" is a chore.
    if (published ? makes_servers(words) : starts_with_chore(words)) return {};
    if (by_owner) return {true, derive_type(base)};
    for (const std::string& word : words) {
        if (any_of(kDenyingWords, word)) return {};
    }
    const bool about_mcp_only = std::all_of(words.begin(), words.end(), [](const std::string& word) {
        return word == "mcp" || word == "mcps" || any_of(kOtherTools, word);
    });
    if (about_mcp_only && words.size() > 1) return {};
    // A script that is a client of servers: mcp_client.py, chat-mcp-client.js.
    if (!published && has(words, "client") && !has(words, "server")) return {};
    if (kind == NameOf::script && has(words, "mcps")) return {};
    return {true, derive_type(name)};
}

}  // namespace reaper::classify
