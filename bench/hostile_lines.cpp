#include "hostile_lines.h"

#include <random>
#include <utility>

namespace reaper::bench {
namespace {

constexpr std::string_view kLiteral =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_@/";

/// The literal that a pattern begins with; whole where more is to come ("playwright" of
/// "playwright.*mcp"), else without its end.
std::string beginning(const std::string& pattern, std::mt19937& random) {
    std::string literal = pattern.substr(0, pattern.find_first_not_of(kLiteral));
    if (literal.size() < 2) return "m";
    const bool open = literal.size() < pattern.size() && pattern.find(".*") == literal.size();
    if (!open) literal.resize(1 + random() % (literal.size() - 1));
    return literal;
}

std::string repeated(std::string_view part, std::string_view first = {}) {
    std::string text(first);
    while (text.size() + part.size() <= kHostileBytes) text += part;
    return text;
}

std::string with_nuls(std::string text) {
    for (char& c : text) c = c == ' ' ? '\0' : c;
    return text;
}

std::string nested_shells() {
    std::string text;
    for (int depth = 0; text.size() + 12 < kHostileBytes; ++depth)
        text += depth % 2 == 0 ? "sh -c \"" : "sh -c '";
    return text;
}

}  // namespace

std::vector<std::string> beginnings(const std::vector<classify::TypePattern>& patterns,
                                    std::size_t texts) {
    std::mt19937 random(20261120);  // The same texts in every run.
    std::vector<std::string> result(texts);
    for (std::string& text : result) {
        while (text.size() < kHostileBytes) {
            text += beginning(patterns[random() % patterns.size()].pattern, random);
            text += '~';
        }
        text.resize(kHostileBytes);
    }
    return result;
}

std::vector<HostileKind> hostile_kinds(const std::vector<classify::TypePattern>& patterns) {
    constexpr std::size_t kTexts = 1024;
    const std::vector<std::string> soup = beginnings(patterns, kTexts);
    HostileKind names{"beginnings as a name", soup};
    HostileKind scripts{"beginnings as a script", {}};
    HostileKind packages{"beginnings as packages", {}};
    HostileKind commands{"beginnings as shell commands", {}};
    for (const std::string& text : soup) {
        scripts.lines.push_back(std::string("node\0./", 7) + text);
        packages.lines.push_back(std::string("npx\0-y\0", 7) + text);
        std::string list(text);
        for (char& c : list) c = c == '~' ? ';' : c;
        commands.lines.push_back(std::string("sh\0-c\0", 6) + list);
    }
    return {std::move(names),
            std::move(scripts),
            std::move(packages),
            std::move(commands),
            {"one-letter words", {with_nuls(repeated("a "))}},
            {"one-letter words in a title", {repeated("a ")}},
            {"options of a launcher", {with_nuls(repeated("-p a ", "npx "))}},
            {"assignments", {with_nuls(repeated("A=b ", "env "))}},
            {"slashes", {std::string("node\0", 5) + repeated("/a")}},
            {"dashes", {std::string("node\0", 5) + repeated("mcp-")}},
            {"quotes that never close", {repeated(" \"a '")}},
            {"shells in shells", {std::string("sh\0-c\0", 6) + nested_shells()}},
            {"launchers of launchers", {with_nuls(repeated("env npx -y "))}},
            {"one-letter shell commands", {std::string("sh\0-c\0", 6) + repeated("a;")}}};
}

}  // namespace reaper::bench
