#include "report/command_text.h"

#include <algorithm>
#include <span>

#include "report/redact.h"

namespace reaper::report {
namespace {

std::string joined(std::span<const std::string> tokens, std::size_t max_bytes) {
    std::string line;
    for (const std::string& token : tokens) {
        if (!line.empty()) line += ' ';
        // A title is one argument full of blanks: quotes would only be in the way.
        const bool quote =
            tokens.size() > 1 && (token.empty() || token.find_first_of(" \t\n") != std::string::npos);
        if (quote) line += '"';
        line += token;
        if (quote) line += '"';
    }
    return printable(line, max_bytes);
}

}  // namespace

std::vector<std::string> split_arguments(std::string_view cmdline) {
    std::vector<std::string> arguments;
    const std::size_t last = cmdline.find_last_not_of('\0');
    if (last == std::string_view::npos) return arguments;
    cmdline = cmdline.substr(0, last + 1);
    for (std::size_t begin = 0; begin <= cmdline.size();) {
        const std::size_t end = std::min(cmdline.find('\0', begin), cmdline.size());
        arguments.emplace_back(cmdline.substr(begin, end - begin));
        begin = end + 1;
    }
    return arguments;
}

std::string shown_command(std::string_view cmdline, std::size_t max_bytes) {
    return joined(redact(split_arguments(cmdline)), max_bytes);
}

std::string shown_program(const classify::ParsedCommand& command) {
    return printable(redact_line(command.program), 500);
}

std::string shown_arguments(const classify::ParsedCommand& command, std::size_t max_bytes) {
    // Behind the program, as they stand there: the first token of a line is read as a title.
    std::vector<std::string> tokens{command.program};
    tokens.insert(tokens.end(), command.arguments.begin(), command.arguments.end());
    const std::vector<std::string> redacted = redact(tokens);
    return joined(std::span(redacted).subspan(1), max_bytes);
}

}  // namespace reaper::report
