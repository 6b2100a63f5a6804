// What can be completed of our command lines: read off the tables that the manuals are made of, so that
// a shell's completion knows each command and option as soon as they exist.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace reaper::cli {

/// What stands at one place of a command line.
struct Completed {
    enum class Kind {
        nothing,  ///< A number, a time: known to the user only.
        words,    ///< One of a few words.
        files,
        users,
        servers,  ///< `mcp-reaper completion servers` tells which there are.
        types,    ///< `mcp-reaper completion types` does.
    };
    Kind kind = Kind::nothing;
    std::vector<std::string> words;
};

struct CompletedOption {
    std::string name;  ///< Without the dashes.
    char letter = 0;
    std::string argument;  ///< "FILE"; empty for a switch.
    std::string summary;   ///< The first sentence of its help, without the full stop.
    bool repeatable = false;
    Completed value;
};

struct CompletedSubcommand {
    std::string word;  ///< "check"
    std::string path;  ///< "policy check"
    std::string summary;
};

/// A command that does something, or one that only leads to others.
struct CompletedCommand {
    std::string path;                              ///< "policy check"; empty for the program itself.
    std::vector<CompletedSubcommand> subcommands;  ///< Empty where it does something itself.
    std::vector<CompletedOption> options;
    Completed operands;
};

/// The program itself first, then each command below it, groups before what they lead to.
std::vector<CompletedCommand> completed_commands(const Command& program);

/// The scripts, ready to be sourced by the shell or put where it looks for them.
std::string bash_completion(const std::vector<CompletedCommand>& commands);
std::string zsh_completion(const std::vector<CompletedCommand>& commands);
std::string fish_completion(const std::vector<CompletedCommand>& commands);

}  // namespace reaper::cli
