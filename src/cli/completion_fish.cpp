#include <fmt/core.h>
#include <fmt/ranges.h>

#include "cli/completion_words.h"

namespace reaper::cli {
namespace {

using Kind = Completed::Kind;

constexpr const char* kHead = R"(# fish completion for mcp-reaper, made by: mcp-reaper completion fish

# Whether the words so far begin with this command: __mcp_reaper_at policy check
function __mcp_reaper_at
    set -l words (commandline -opc)
    set -l last (math (count $argv) + 1)
    test (count $argv) -gt 0 && test "$words[2..$last]" = "$argv"
end

# The same, and nothing follows yet.
function __mcp_reaper_ends_at
    set -l words (commandline -opc)
    test "$words[2..]" = "$argv"
end

complete -c mcp-reaper -f
)";

/// Inside single quotes of fish.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') out += '\\';
        out += c;
    }
    return out + '\'';
}

std::string candidates(const Completed& completed) {
    switch (completed.kind) {
        case Kind::words:
            return fmt::format(" -f -a '{}'", fmt::join(completed.words, " "));
        case Kind::files:
            return " -F";
        case Kind::users:
            return " -f -a '(__fish_complete_users)'";
        case Kind::servers:
            return " -f -k -a '(mcp-reaper completion servers 2>/dev/null)'";
        case Kind::types:
            return " -f -a '(mcp-reaper completion types 2>/dev/null)'";
        case Kind::nothing:
            break;
    }
    return " -f";
}

void add_line(std::string& out, const std::string& condition, const std::string& what) {
    out += fmt::format("complete -c mcp-reaper -n {} {}\n", quoted(condition), what);
}

/// The program's own options stand alone, a command's anywhere behind it.
std::string at(const std::string& path) {
    return path.empty() ? "__mcp_reaper_ends_at" : "__mcp_reaper_at " + path;
}

void add_subcommands(std::string& out, const CompletedCommand& group) {
    const std::string before = group.path.empty() ? "" : ' ' + group.path;
    for (const CompletedSubcommand& below : group.subcommands) {
        const std::string what = fmt::format("-a {} -d {}", below.word, quoted(below.summary));
        add_line(out, "__mcp_reaper_ends_at" + before, what);
        add_line(out, "__mcp_reaper_ends_at help" + before, what);
    }
}

std::string option_line(const CompletedOption& option) {
    std::string what = "-l " + option.name;
    if (option.letter != 0) what += std::string(" -s ") + option.letter;
    if (!option.argument.empty()) what += " -r" + candidates(option.value);
    return what + " -d " + quoted(option.summary);
}

}  // namespace

std::string fish_completion(const std::vector<CompletedCommand>& commands) {
    std::string out = kHead;
    for (const CompletedCommand& command : commands) {
        out += '\n';
        add_subcommands(out, command);
        for (const CompletedOption& option : command.options) {
            add_line(out, at(command.path), option_line(option));
        }
        if (command.operands.kind != Kind::nothing) {
            add_line(out, at(command.path), candidates(command.operands).substr(1));
        }
        if (command.path.empty()) {
            add_line(out, "__mcp_reaper_ends_at", "-a help -d 'show the manual of a command'");
        }
    }
    return out;
}

}  // namespace reaper::cli
