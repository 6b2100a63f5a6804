#include "classify/command_line.h"

#include <algorithm>

namespace reaper::classify {
namespace {

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Where the quote that opens at `open` closes; npos where it does not.
std::size_t closing_quote(std::string_view text, std::size_t open) {
    for (std::size_t i = text.find(text[open], open + 1); i != std::string_view::npos;
         i = text.find(text[open], i + 1)) {
        if (text[open] == '"' && text[i - 1] == '\\') continue;
        return i;
    }
    return std::string_view::npos;
}

/// A quote opens at the start of a word or of a value; the apostrophe of "don't" opens nothing.
bool may_open_quote(std::string_view text, std::size_t i) {
    return i == 0 || is_space(text[i - 1]) || text[i - 1] == '=' || text[i - 1] == '(';
}

}  // namespace

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    std::string word;
    bool in_word = false;
    // Each kind of quote is searched for once at most in vain: hostile text stays linear.
    bool unpaired_single = false;
    bool unpaired_double = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_space(c)) {
            if (in_word) words.push_back(std::move(word));
            word.clear();
            in_word = false;
            continue;
        }
        in_word = true;
        bool& unpaired = c == '"' ? unpaired_double : unpaired_single;
        const bool quote = (c == '"' || c == '\'') && !unpaired && may_open_quote(text, i);
        if (quote) {
            const std::size_t close = closing_quote(text, i);
            if (close != std::string_view::npos) {
                word.append(text.substr(i + 1, close - i - 1));
                i = close;
                continue;
            }
            unpaired = true;
        }
        word.push_back(c);
    }
    if (in_word) words.push_back(std::move(word));
    return words;
}

CommandLine CommandLine::from_proc(std::string_view bytes) {
    bytes = bytes.substr(0, kMaxCommandLineBytes);
    while (!bytes.empty() && bytes.back() == '\0') bytes.remove_suffix(1);
    if (bytes.find('\0') == std::string_view::npos && bytes.find(' ') != std::string_view::npos) {
        return from_text(bytes);
    }
    CommandLine line;
    while (!bytes.empty()) {
        const std::size_t end = std::min(bytes.find('\0'), bytes.size());
        line.tokens_.emplace_back(bytes.substr(0, end));
        bytes.remove_prefix(std::min(end + 1, bytes.size()));
    }
    return line;
}

CommandLine CommandLine::from_argv(const std::vector<std::string>& argv) {
    CommandLine line;
    std::size_t size = 0;
    for (const std::string& argument : argv) {
        if (size >= kMaxCommandLineBytes) break;
        line.tokens_.push_back(argument.substr(0, kMaxCommandLineBytes - size));
        size += argument.size() + 1;
    }
    if (line.tokens_.size() == 1 && line.tokens_[0].find(' ') != std::string::npos) {
        return from_text(line.tokens_[0]);
    }
    return line;
}

CommandLine CommandLine::from_text(std::string_view text) {
    CommandLine line;
    line.tokens_ = split_words(text.substr(0, kMaxCommandLineBytes));
    return line;
}

std::string CommandLine::text() const {
    std::string text;
    for (const std::string& token : tokens_) {
        if (!text.empty()) text += ' ';
        text += token;
    }
    return text;
}

}  // namespace reaper::classify
