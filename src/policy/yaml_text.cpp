#include "policy/yaml_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace reaper::policy {
namespace {

/// Bytes of the UTF-8 character at `at`, or 0 where there is none (RFC 3629: no overlong forms, no
/// surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
    };
    const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (first == 0xE0 && byte(1) < 0xA0) return 0;
        if (first == 0xED && byte(1) > 0x9F) return 0;
        return follows(1) && follows(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (first == 0xF0 && byte(1) < 0x90) return 0;
        if (first == 0xF4 && byte(1) > 0x8F) return 0;
        return follows(1) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

std::string hex(unsigned char byte) {
    std::array<char, 8> text{};
    std::snprintf(text.data(), text.size(), "0x%02X", byte);
    return text.data();
}

bool is_foreign_control(unsigned char c) {
    return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
}

/// A tab among the spaces a line begins with, or npos.
std::size_t tab_in_indentation(std::string_view line) {
    const std::size_t text = line.find_first_not_of(" \t");
    if (text == std::string_view::npos) return text;
    return line.substr(0, text).find('\t');
}

struct Phrase {
    std::string_view complaint;  ///< Begins yaml-cpp's message.
    std::string_view meaning;
};

constexpr std::array kPhrases = {
    Phrase{
        "illegal map value",
        "a ':' is not expected here; check the indentation, and put text that contains ': ' in quotes"},
    Phrase{"end of map not found", "this line does not fit the lines above; check its indentation"},
    Phrase{"end of sequence not found", "this line does not fit the list above; check its indentation"},
    Phrase{"end of sequence flow not found", "a '[' before this is never closed with ']'"},
    Phrase{"end of map flow not found", "a '{' before this is never closed with '}'"},
    Phrase{"illegal flow end", "this bracket closes nothing"},
    Phrase{"illegal block entry", "a '- ' is not expected here; check the indentation"},
    Phrase{"illegal map key", "a '?' is not expected here"},
    Phrase{"illegal tab when looking for indentation",
           "a tab is used as indentation; YAML wants spaces"},
    Phrase{"unknown escape character",
           "this escape is not known in double quotes; write patterns in single quotes"},
    Phrase{"the referenced anchor",
           "aliases (*name) are not allowed in a policy; text that begins with "
           "'*' must be in quotes"},
    Phrase{"alias not found", "text that begins with '*' must be in quotes"},
    Phrase{"anchor not found", "text that begins with '&' must be in quotes"},
    Phrase{"illegal character found while scanning alias",
           "text that begins with '*' must be in quotes"},
    Phrase{"illegal character found while scanning anchor",
           "text that begins with '&' must be in quotes"},
    Phrase{"illegal EOF in scalar", "the quote that opens here is never closed"},
};

}  // namespace

YamlLines::YamlLines(std::string_view text) : text_(text), starts_{0} {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') starts_.push_back(i + 1);
    }
}

std::size_t YamlLines::offset(int line, int byte_column) const {
    if (line < 0 || static_cast<std::size_t>(line) >= starts_.size()) return text_.size();
    const std::size_t column = byte_column < 0 ? 0 : static_cast<std::size_t>(byte_column);
    return std::min(starts_[static_cast<std::size_t>(line)] + column, text_.size());
}

std::string_view YamlLines::line(int index) const {
    if (index < 0 || static_cast<std::size_t>(index) >= starts_.size()) return {};
    const std::size_t start = starts_[static_cast<std::size_t>(index)];
    std::string_view found = text_.substr(start, text_.find('\n', start) - start);
    if (found.ends_with('\r')) found.remove_suffix(1);
    return found;
}

YamlMark YamlLines::mark(int line, int byte_column) {
    const std::size_t end = offset(line, byte_column);
    if (line != counted_line_ || end < counted_offset_) {
        counted_line_ = line;
        counted_offset_ = std::min(offset(line, 0), end);
        counted_characters_ = 0;
    }
    for (; counted_offset_ < end; ++counted_offset_) {
        const auto byte = static_cast<unsigned char>(text_[counted_offset_]);
        if ((byte & 0xC0U) != 0x80U) ++counted_characters_;
    }
    return {line + 1, counted_characters_ + 1};
}

std::optional<YamlMistake> find_foreign_byte(std::string_view text) {
    YamlMark mark{1, 1};
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        const std::size_t length = utf8_length(text, i);
        if (length == 0)
            return YamlMistake{mark, "byte " + hex(c) + " is not UTF-8; save the file as UTF-8"};
        if (c == 0) return YamlMistake{mark, "a NUL byte; a policy is plain UTF-8 text"};
        if (is_foreign_control(c)) {
            return YamlMistake{mark, "control character " + hex(c) + "; a policy is plain UTF-8 text"};
        }
        i += length;
        if (c == '\n') {
            ++mark.line;
            mark.column = 1;
        } else {
            ++mark.column;
        }
    }
    return std::nullopt;
}

bool never_closed(std::string_view text, std::size_t offset) {
    if (offset >= text.size()) return false;
    const char quote = text[offset];
    if (quote != '\'' && quote != '"') return false;
    for (std::size_t i = offset + 1; i < text.size(); ++i) {
        if (quote == '"' && text[i] == '\\') {
            ++i;
        } else if (text[i] == quote) {
            const bool doubled = quote == '\'' && i + 1 < text.size() && text[i + 1] == quote;
            if (!doubled) return false;
            ++i;
        }
    }
    return true;
}

YamlMistake explain_syntax(YamlLines& lines, int line, int byte_column, const std::string& complaint) {
    // A tab disturbs yaml-cpp only some characters later: look for it first.
    const std::size_t tab = tab_in_indentation(lines.line(line));
    if (tab != std::string_view::npos) {
        return {lines.mark(line, static_cast<int>(tab)),
                "a tab is used as indentation; YAML wants spaces"};
    }
    const YamlMark mark = lines.mark(line, byte_column);
    if (complaint == "unknown token") {
        const std::size_t at = lines.offset(line, byte_column);
        const std::string_view rest = lines.text().substr(at);
        const std::string character(rest.substr(0, rest.empty() ? 0 : utf8_length(rest, 0)));
        return {mark, "text cannot begin with '" + character + "'; put it in quotes"};
    }
    for (const Phrase& phrase : kPhrases) {
        if (complaint.starts_with(phrase.complaint)) return {mark, std::string(phrase.meaning)};
    }
    return {mark, "this is not valid YAML: " + complaint};
}

}  // namespace reaper::policy
