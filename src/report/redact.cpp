#include "report/redact.h"

#include <algorithm>

#include "report/secret_names.h"
#include "report/secret_shapes.h"
#include "report/secret_values.h"

namespace reaper::report {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::string_view kBlanks = " \t\r\n";

/// `text` with every span replaced; overlapping and touching spans become one.
std::string hide(std::string_view text, Spans spans) {
    std::sort(spans.begin(), spans.end(),
              [](const Span& a, const Span& b) { return a.begin < b.begin; });
    std::string out;
    std::size_t done = 0;
    bool hidden = false;  // the text up to `done` ends in a hidden span
    for (const Span& span : spans) {
        if (span.begin > done || !hidden) {
            out += text.substr(done, span.begin - done);
            out += kHidden;
        }
        done = std::max(done, span.end);
        hidden = true;
    }
    out += text.substr(done);
    return out;
}

std::string redact_text(std::string_view text, Borders borders) {
    Spans spans;
    find_named_values(text, borders, spans);
    find_marked_tokens(text, spans);
    find_url_passwords(text, spans);
    find_private_keys(text, spans);
    find_random_runs(text, spans);
    if (spans.empty()) return std::string(text);
    return hide(text, std::move(spans));
}

std::string_view last_word(std::string_view text) {
    const std::size_t blank = text.find_last_of(kBlanks);
    return blank == std::string_view::npos ? text : text.substr(blank + 1);
}

/// Whether the token after this one is its secret: "--api-key", "Bearer", "npx x --token".
bool asks_for_secret(std::string_view token) {
    const std::string_view word = last_word(token);
    if (word == "Bearer") return true;
    if (!word.starts_with('-') || word.find_first_of("=:/") != std::string_view::npos) return false;
    return names_secret(word);
}

/// A private key whose lines became tokens: everything of it looks like base64, or is its last line.
bool continues_private_key(std::string_view token) {
    if (token.starts_with("-----END")) return true;
    return std::all_of(token.begin(), token.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
               c == '/' || c == '=' || c == '-';
    });
}

/// Whether a value that begins this token is all of it. Not so in a title (npm writes its whole
/// command line into the first argument) and in a script for a shell.
Borders borders_of(const std::vector<std::string>& tokens, std::size_t index) {
    if (index == 0) return Borders::lost;
    const std::string& before = tokens[index - 1];
    const bool script =
        before.size() > 1 && before[0] == '-' && before[1] != '-' && before.back() == 'c';
    // npm 8 writes `sh -c -- "script"`.
    const bool after_dashes = before == "--" && index > 1 && tokens[index - 2] == "-c";
    return script || after_dashes ? Borders::lost : Borders::known;
}

}  // namespace

std::vector<std::string> redact(const std::vector<std::string>& tokens) {
    std::vector<std::string> out;
    out.reserve(tokens.size());
    bool secret_next = false;
    bool in_key = false;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const std::string& token = tokens[i];
        if (in_key && continues_private_key(token)) {
            in_key = token.find("KEY-----") == std::string::npos;
            out.emplace_back(kHidden);
            continue;
        }
        in_key =
            token.find("-----BEGIN") != std::string::npos && token.find("-----END") == std::string::npos;
        if (secret_next && !token.empty() && !is_option(token)) {
            out.emplace_back(kHidden);
            secret_next = is_auth_scheme(token);  // --auth Bearer x
            continue;
        }
        out.push_back(redact_text(token, borders_of(tokens, i)));
        secret_next = asks_for_secret(token);
    }
    return out;
}

std::string redact_line(std::string_view line) {
    return redact_text(line, Borders::lost);
}

}  // namespace reaper::report
