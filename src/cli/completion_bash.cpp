#include <fmt/core.h>
#include <fmt/ranges.h>

#include "cli/completion_words.h"

namespace reaper::cli {
namespace {

using Kind = Completed::Kind;

constexpr const char* kHead = R"(# bash completion for mcp-reaper, made by: mcp-reaper completion bash

# The first column: bash shows no descriptions.
_mcp_reaper_ask() {
    local line
    while IFS= read -r line; do echo "${line%%$'\t'*}"; done < <(mcp-reaper completion "$1" 2>/dev/null)
}

_mcp_reaper() {
    local current=$2 previous=$3 path='' options=yes word i
    COMPREPLY=()
    # bash takes --format=json for three words.
    if [[ $current == = ]]; then
        current=''
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi

    # The command that was given so far, and whether options may still follow.
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case "$path>$word" in
)";

constexpr const char* kTail = R"(    esac
}
complete -F _mcp_reaper mcp-reaper
)";

/// What puts the candidates for one place into COMPREPLY.
std::string reply(const Completed& completed) {
    switch (completed.kind) {
        case Kind::words:
            return fmt::format("mapfile -t COMPREPLY < <(compgen -W '{}' -- \"$current\")",
                               fmt::join(completed.words, " "));
        case Kind::files:
            return "compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- \"$current\")";
        case Kind::users:
            return "mapfile -t COMPREPLY < <(compgen -u -- \"$current\")";
        case Kind::servers:
            return "mapfile -t COMPREPLY < <(compgen -W \"$(_mcp_reaper_ask servers)\" -- \"$current\")";
        case Kind::types:
            return "mapfile -t COMPREPLY < <(compgen -W \"$(_mcp_reaper_ask types)\" -- \"$current\")";
        case Kind::nothing:
            break;
    }
    return "COMPREPLY=()";
}

std::string words_reply(const std::vector<std::string>& words) {
    return reply({Kind::words, words});
}

/// "--policy", or "--output|-o"
std::string names(const CompletedOption& option, const std::string& before) {
    std::string text = fmt::format("'{}--{}'", before, option.name);
    if (option.letter != 0) text += fmt::format(" | '{}-{}'", before, option.letter);
    return text;
}

void add_values(std::string& out, const CompletedCommand& command) {
    for (const CompletedOption& option : command.options) {
        if (option.argument.empty()) continue;
        out += fmt::format("    {}) {}; return ;;\n", names(option, command.path + '>'),
                           reply(option.value));
    }
}

void add_place(std::string& out, const CompletedCommand& command) {
    std::vector<std::string> options;
    for (const CompletedOption& option : command.options) {
        options.push_back("--" + option.name);
        if (option.letter != 0) options.push_back(std::string("-") + option.letter);
    }
    out += fmt::format("    '{}')\n        if [[ $options && $current == -* ]]; then\n            {}\n",
                       command.path, words_reply(options));
    std::vector<std::string> words;
    for (const CompletedSubcommand& below : command.subcommands) words.push_back(below.word);
    const std::string below = words_reply(words);
    if (command.path.empty()) words.emplace_back("help");
    out += fmt::format("        else\n            {}\n        fi\n        ;;\n",
                       words.empty() ? reply(command.operands) : words_reply(words));
    if (command.subcommands.empty()) return;
    out +=
        fmt::format("    '{}') {} ;;\n", command.path.empty() ? "help" : "help " + command.path, below);
}

}  // namespace

std::string bash_completion(const std::vector<CompletedCommand>& commands) {
    std::string out = kHead;
    for (const CompletedCommand& command : commands) {
        const std::string help = command.path.empty() ? "help" : "help " + command.path;
        for (const CompletedSubcommand& below : command.subcommands) {
            out += fmt::format("        '{}>{}') path='{}' ;;\n", command.path, below.word, below.path);
            out += fmt::format("        '{0}>{1}') path='{0} {1}' ;;\n", help, below.word);
        }
    }
    out += "        '>help') path=help ;;\n        *'>--') options='' ;;\n        esac\n    done\n\n";
    out += "    [[ $options ]] && case \"$path>$previous\" in\n";
    for (const CompletedCommand& command : commands) add_values(out, command);
    out += "    esac\n    case $path in\n";
    for (const CompletedCommand& command : commands) add_place(out, command);
    return out + kTail;
}

}  // namespace reaper::cli
