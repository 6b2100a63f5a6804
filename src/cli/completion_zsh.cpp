#include <fmt/core.h>
#include <fmt/ranges.h>

#include "cli/completion_words.h"

namespace reaper::cli {
namespace {

using Kind = Completed::Kind;

constexpr const char* kHead = R"ZSH(#compdef mcp-reaper
# zsh completion for mcp-reaper, made by: mcp-reaper completion zsh

_mcp-reaper_servers() {
    local -a servers
    # A pid and a description, with a tab between them.
    servers=("${(@)${(@f)$(mcp-reaper completion servers 2>/dev/null)//:/\\:}//$'\t'/:}")
    _describe -V server servers
}

_mcp-reaper_types() {
    local -a types
    types=(${(f)"$(mcp-reaper completion types 2>/dev/null)"})
    _describe type types
}
)ZSH";

constexpr const char* kTail = R"ZSH(
if [[ $funcstack[1] == _mcp-reaper ]]; then
    _mcp-reaper "$@"
else
    compdef _mcp-reaper mcp-reaper
fi
)ZSH";

/// Inside single quotes, with those characters harmless that _arguments or _describe would take apart.
std::string escaped(const std::string& text, std::string_view special) {
    std::string out;
    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
            continue;
        }
        if (special.find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

std::string action(const Completed& completed) {
    switch (completed.kind) {
        case Kind::words:
            return fmt::format("({})", fmt::join(completed.words, " "));
        case Kind::files:
            return "_files";
        case Kind::users:
            return "_users";
        case Kind::servers:
            return "_mcp-reaper_servers";
        case Kind::types:
            return "_mcp-reaper_types";
        case Kind::nothing:
            break;
    }
    return " ";
}

std::string option_spec(const CompletedOption& option) {
    const std::string help = escaped(option.summary, "[]:\\");
    const bool takes = !option.argument.empty();
    const std::string value =
        takes ? fmt::format(":{}:{}", escaped(option.argument, ":\\"), action(option.value)) : "";
    const std::string start = option.repeatable ? "'*'" : "";
    if (option.letter == 0) {
        return fmt::format("{}'--{}{}[{}]{}'", start, option.name, takes ? "=" : "", help, value);
    }
    return fmt::format("'(-{0} --{1})'{{-{0}{2},--{1}{3}}}'[{4}]{5}'", option.letter, option.name,
                       takes ? "+" : "", takes ? "=" : "", help, value);
}

/// "_mcp-reaper_policy_check"; the program's own is _mcp-reaper.
std::string function_of(const std::string& path) {
    std::string name = "_mcp-reaper" + (path.empty() ? "" : '_' + path);
    for (char& c : name) {
        if (c == ' ') c = '_';
    }
    return name;
}

void add_leaf(std::string& out, const CompletedCommand& command) {
    out += fmt::format("\n{}() {{\n    _arguments -s -S", function_of(command.path));
    for (const CompletedOption& option : command.options) out += " \\\n        " + option_spec(option);
    if (command.operands.kind != Kind::nothing) {
        out += fmt::format(" \\\n        '*:operand:{}'", action(command.operands));
    }
    out += "\n}\n";
}

void add_group(std::string& out, const CompletedCommand& group) {
    out += fmt::format("\n{}_commands() {{\n    local -a commands=(\n", function_of(group.path));
    for (const CompletedSubcommand& below : group.subcommands) {
        out += fmt::format("        '{}:{}'\n", below.word, escaped(below.summary, ":\\"));
    }
    out += "    )\n";
    // There is no `help help`.
    if (group.path.empty()) {
        out += "    [[ $1 == help ]] || commands+=('help:show the manual of a command')\n";
    }
    out += "    _describe command commands\n}\n";

    out += fmt::format(
        "\n{}() {{\n    local context state state_descr line\n    typeset -A opt_args\n"
        "    _arguments -S",
        function_of(group.path));
    for (const CompletedOption& option : group.options) out += " \\\n        " + option_spec(option);
    out += fmt::format(" \\\n        '1:command:{}_commands' '*::argument:->below' && return\n",
                       function_of(group.path));
    out += "    [[ $state == below ]] || return\n    case $line[1] in\n";
    for (const CompletedSubcommand& below : group.subcommands) {
        out += fmt::format("    {}) {} ;;\n", below.word, function_of(below.path));
    }
    if (group.path.empty()) out += "    help) _mcp-reaper_help ;;\n";
    out += "    esac\n}\n";
}

/// `help policy check`
void add_help(std::string& out, const std::vector<CompletedCommand>& commands) {
    out +=
        "\n_mcp-reaper_help() {\n    case $CURRENT:$words[2] in\n    2:*) _mcp-reaper_commands help "
        ";;\n";
    for (const CompletedCommand& command : commands) {
        if (command.path.empty() || command.subcommands.empty()) continue;
        out += fmt::format("    3:{}) {}_commands ;;\n", command.path, function_of(command.path));
    }
    out += "    esac\n}\n";
}

}  // namespace

std::string zsh_completion(const std::vector<CompletedCommand>& commands) {
    std::string out = kHead;
    for (const CompletedCommand& command : commands) {
        if (command.subcommands.empty()) {
            add_leaf(out, command);
        } else {
            add_group(out, command);
        }
    }
    add_help(out, commands);
    return out + kTail;
}

}  // namespace reaper::cli
