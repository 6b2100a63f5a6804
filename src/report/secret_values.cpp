#include "report/secret_values.h"

#include <algorithm>

#include "report/secret_names.h"

namespace reaper::report {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view kBlanks = " \t\r\n";
/// Longer names are judged by their end.
constexpr std::size_t kLongestName = 64;

bool is_blank(char c) {
    return kBlanks.find(c) != npos;
}
bool is_quote(char c) {
    return c == '"' || c == '\'' || c == '`';
}
bool is_name_char(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.';
}

std::size_t skip_blanks(std::string_view text, std::size_t at) {
    return std::min(text.find_first_not_of(kBlanks, at), text.size());
}

std::size_t word_end(std::string_view text, std::size_t at) {
    return std::min(text.find_first_of(kBlanks, at), text.size());
}

/// The name that ends at `end`, at most kLongestName of it.
Span name_before(std::string_view text, std::size_t end) {
    std::size_t begin = end;
    while (begin > 0 && end - begin < kLongestName && is_name_char(text[begin - 1])) --begin;
    return {begin, end};
}

std::string_view part(std::string_view text, Span span) {
    return text.substr(span.begin, span.end - span.begin);
}

/// The closing quote for the one at `open`, also where both are written \"; the end where there is none.
std::size_t closing_quote(std::string_view text, std::size_t open) {
    const char quote = text[open];
    const bool escaped = open > 0 && text[open - 1] == '\\';
    for (std::size_t at = open + 1; at < text.size(); ++at) {
        if (text[at] == quote && (text[at - 1] == '\\') == escaped) return escaped ? at - 1 : at;
    }
    return text.size();
}

/// A value without quotes: one word, and what belongs to it: the secret behind "Bearer", the rest of a
/// cookie.
std::size_t bare_value_end(std::string_view text, std::size_t begin, std::string_view stops) {
    std::size_t end = std::min(text.find_first_of(stops, begin), text.size());
    const std::string_view word = text.substr(begin, end - begin);
    if (is_auth_scheme(word)) return word_end(text, skip_blanks(text, end));
    while (end > begin && text[end - 1] == ';' && end < text.size() && is_blank(text[end])) {
        end = word_end(text, skip_blanks(text, end));
    }
    return end;
}

/// What ends a bare value, by what stands before its name: in "?a=1&token=x&b=2" the next '&' does.
std::string_view stops_after(std::string_view text, std::size_t name_begin) {
    if (name_begin == 0) return kBlanks;
    switch (text[name_begin - 1]) {
        case '?':
        case '&':
            return " \t\r\n&#\"'";
        case ';':
            return " \t\r\n;\"'";
        case ',':
        case '{':
            return " \t\r\n,}\"'";
        default:
            return kBlanks;
    }
}

/// The value that begins at `begin` and belongs to `name`.
Span value_at(std::string_view text, std::size_t begin, Span name, Borders borders,
              bool name_is_quoted) {
    std::size_t quote = begin;
    while (quote < text.size() && text[quote] == '\\') ++quote;
    if (quote < text.size() && is_quote(text[quote])) return {quote + 1, closing_quote(text, quote)};
    if (name_is_quoted) return {begin, bare_value_end(text, begin, " \t\r\n,}]")};
    if (name.begin == 0 && borders == Borders::known) return {begin, text.size()};
    if (name.begin > 0 && is_quote(text[name.begin - 1])) {
        return {begin, closing_quote(text, name.begin - 1)};
    }
    return {begin, bare_value_end(text, begin, stops_after(text, name.begin))};
}

/// "X-Api-Key:", "Authorization:": with a value right behind the colon only what looks like a header
/// counts, for colons also stand in image:tag and host:port.
bool is_header_name(std::string_view name) {
    return name.find('-') != npos || name == "Authorization" || name == "authorization" ||
           name == "Cookie" || name == "cookie";
}

/// name: value, "name": value, \"name\": value. An empty span where the colon at `colon` is no such.
Span value_of_colon(std::string_view text, std::size_t colon, Borders borders) {
    std::size_t name_end = colon;
    while (name_end > 0 && text[name_end - 1] == ' ') --name_end;
    bool quoted = false;
    if (name_end > 0 && is_quote(text[name_end - 1])) {
        quoted = true;
        --name_end;
        while (name_end > 0 && text[name_end - 1] == '\\') --name_end;
    } else {
        name_end = colon;
    }
    const Span name = name_before(text, name_end);
    if (name.begin == name.end || !names_secret(part(text, name))) return {};
    const char before = name.begin > 0 ? text[name.begin - 1] : ' ';
    if (before == '/' || before == '@' || before == ':') return {};

    const std::size_t next = colon + 1;
    if (next >= text.size() || text.substr(next).starts_with("//")) return {};
    const bool apart = is_blank(text[next]) || is_quote(text[next]) || text[next] == '\\';
    if (!quoted && !apart && !is_header_name(part(text, name))) return {};
    return value_at(text, skip_blanks(text, next), name, borders, quoted);
}

Span value_of_equals(std::string_view text, std::size_t equals, Borders borders) {
    const Span name = name_before(text, equals);
    if (name.begin == name.end || !names_secret(part(text, name))) return {};
    return value_at(text, equals + 1, name, borders, false);
}

/// The word behind an option whose name says so, or behind "Bearer". `begin` is the start of a word.
Span value_of_word(std::string_view text, std::size_t begin) {
    std::size_t end = begin;
    while (end < text.size() && is_name_char(text[end])) ++end;
    const std::string_view word = text.substr(begin, end - begin);
    if (end < text.size() && is_quote(text[end])) ++end;  // '--token' 'x'
    if (end >= text.size() || !is_blank(text[end])) return {};
    const bool asks = word == "Bearer" || (word.starts_with('-') && names_secret(word));
    if (!asks) return {};

    const std::size_t value = skip_blanks(text, end);
    const bool quoted = value < text.size() && is_quote(text[value]);
    if (value >= text.size() ||
        (!quoted && is_option(text.substr(value, word_end(text, value) - value)))) {
        return {};
    }
    if (quoted) return {value + 1, closing_quote(text, value)};
    return {value, bare_value_end(text, value, kBlanks)};
}

}  // namespace

bool is_option(std::string_view word) {
    if (word.starts_with("--")) return true;
    return word.size() == 2 && word[0] == '-' &&
           ((word[1] >= 'a' && word[1] <= 'z') || (word[1] >= 'A' && word[1] <= 'Z'));
}

void find_named_values(std::string_view text, Borders borders, Spans& spans) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        Span value;
        if (text[at] == '=') {
            value = value_of_equals(text, at, borders);
        } else if (text[at] == ':') {
            value = value_of_colon(text, at, borders);
        } else if ((text[at] == '-' || text[at] == 'B') &&
                   (at == 0 || is_blank(text[at - 1]) || is_quote(text[at - 1]))) {
            value = value_of_word(text, at);
        }
        if (value.end <= value.begin) continue;
        spans.push_back(value);
        // What is hidden is not looked into again: the scan stays linear.
        at = value.end - 1;
    }
}

}  // namespace reaper::report
