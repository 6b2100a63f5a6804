#include "cli/completion_words.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "cli/dispatch.h"
#include "policy/rule.h"

namespace reaper::cli {
namespace {

using Words = std::vector<std::string>;

bool is_lower(const std::string& text) {
    return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz-|") == std::string::npos;
}

/// "The policy to go by. Without it: …" -> "The policy to go by"
std::string first_sentence(std::string text) {
    text.resize(std::min(text.find(". "), text.size()));
    if (text.ends_with('.')) text.pop_back();
    return text;
}

Words rules() {
    Words names;
    for (const policy::Rule rule : policy::kRules) names.emplace_back(policy::to_string(rule));
    return names;
}

/// The manuals name alike what is alike: FILE is a file wherever it stands.
Completed completed(const std::string& name) {
    using Kind = Completed::Kind;
    if (name.find("PID") != std::string::npos) return {Kind::servers, {}};
    if (name == "FILE") return {Kind::files, {}};
    if (name == "USER") return {Kind::users, {}};
    if (name == "TYPE") return {Kind::types, {}};
    if (name == "RULE") return {Kind::words, rules()};
    return {};
}

/// "'table' for people (the default) or 'json' for programs" -> the two in quotes
Words quoted_words(const std::string& help) {
    Words words;
    std::istringstream parts(help);
    bool inside = false;
    for (std::string part; std::getline(parts, part, '\''); inside = !inside) {
        if (inside && is_lower(part)) words.push_back(part);
    }
    return words;
}

CompletedOption completed(const Option& option) {
    CompletedOption result{option.name,       option.letter,
                           option.argument,   first_sentence(option.help),
                           option.repeatable, completed(option.argument)};
    if (option.argument == "FORMAT") {
        result.value = {Completed::Kind::words, quoted_words(option.help)};
    }
    return result;
}

/// "bash|zsh|fish" -> the three
Words alternatives(const std::string& text) {
    Words words;
    std::istringstream parts(text);
    for (std::string part; std::getline(parts, part, '|');) words.push_back(part);
    return words;
}

/// What stands behind the command in its usage: "mcp-reaper policy show [FILE] [--format yaml]" takes a
/// file, "mcp-reaper completion bash|zsh|fish" one of three words.
Completed operands_of(const Page& page) {
    if (page.usage.empty()) return {};
    const std::string start = "mcp-reaper " + page.name;
    const std::string& usage = page.usage.front();
    if (!usage.starts_with(start)) return {};
    std::istringstream words(usage.substr(start.size()));
    for (std::string word; words >> word;) {
        // An option and what stands behind it: "-o FILE", "[--cpu 20%]".
        if (word.starts_with('-') || word.starts_with("[-")) {
            if (!word.ends_with(']')) words >> word;
            continue;
        }
        std::erase_if(word, [](char c) { return c == '[' || c == ']' || c == '.'; });
        if (is_lower(word)) return {Completed::Kind::words, alternatives(word)};
        if (Completed operand = completed(word); operand.kind != Completed::Kind::nothing)
            return operand;
    }
    return {};
}

void collect(const Command& command, std::vector<CompletedCommand>& all) {
    CompletedCommand entry;
    entry.path = command.page.name;
    for (const Option& option : command.page.options) entry.options.push_back(completed(option));
    // The program's own page has it already.
    if (!entry.path.empty()) entry.options.push_back(completed(help_option()));
    for (const Command& below : command.subcommands) {
        const std::string& path = below.page.name;
        entry.subcommands.push_back({path.substr(path.rfind(' ') + 1), path, below.page.summary});
    }
    if (command.subcommands.empty()) entry.operands = operands_of(command.page);
    all.push_back(std::move(entry));
    for (const Command& below : command.subcommands) collect(below, all);
}

}  // namespace

std::vector<CompletedCommand> completed_commands(const Command& program) {
    std::vector<CompletedCommand> all;
    collect(program, all);
    return all;
}

}  // namespace reaper::cli
