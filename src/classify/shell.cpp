#include "classify/shell.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "classify/command_line.h"

namespace reaper::classify {
namespace {

constexpr std::size_t kMaxCommands = 64;  // A script of more is no launcher's.

constexpr std::array<std::string_view, 16> kKeywords = {
    "exec",  "command", "builtin", "then", "do",   "else", "if", "while",
    "until", "!",       "{",       "(",    "time", "elif", "&",  "export"};

bool is_assignment(std::string_view word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0) return false;
    return std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    });
}

void strip_prefix(std::vector<std::string>& words) {
    bool substituting = false;  // KEY=$(cat key.txt) npx …
    const auto is_prefix = [&](const std::string& word) {
        if (substituting) {
            substituting = !word.ends_with(')');
            return true;
        }
        if (is_assignment(word)) {
            substituting = word.find("$(") != std::string::npos && !word.ends_with(')');
            return true;
        }
        return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end();
    };
    words.erase(words.begin(), std::find_if_not(words.begin(), words.end(), is_prefix));
}

}  // namespace

std::vector<std::vector<std::string>> simple_commands(std::string_view script) {
    std::vector<std::vector<std::string>> commands;
    const auto add = [&](std::string_view text) {
        if (commands.size() >= kMaxCommands) return;
        std::vector<std::string> words = split_words(text);
        strip_prefix(words);
        if (!words.empty()) commands.push_back(std::move(words));
    };
    char quote = '\0';
    std::size_t begin = 0;
    for (std::size_t i = 0; i < script.size(); ++i) {
        const char c = script[i];
        if (quote != '\0') {
            if (c == quote) quote = '\0';
            continue;
        }
        if ((c == '\'' || c == '"') && script.find(c, i + 1) != std::string_view::npos) {
            quote = c;
            continue;
        }
        // "2>&1" and "&>log" are redirections, not the end of a command.
        const bool redirection = c == '&' && ((i > 0 && script[i - 1] == '>') ||
                                              (i + 1 < script.size() && script[i + 1] == '>'));
        if ((c == ';' || c == '&' || c == '|' || c == '\n') && !redirection) {
            add(script.substr(begin, i - begin));
            begin = i + 1;
        }
    }
    if (begin < script.size()) add(script.substr(begin));
    return commands;
}

}  // namespace reaper::classify
