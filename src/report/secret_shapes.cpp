#include "report/secret_shapes.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace reaper::report {
namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view kBlanks = " \t\r\n";
/// What a URL ends at.
constexpr std::string_view kUrlEnds = " \t\r\n\"'<>`";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || is_upper(c);
}
bool is_alnum(char c) {
    return is_alpha(c) || is_digit(c);
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool has_digit(std::string_view text) {
    return std::any_of(text.begin(), text.end(), is_digit);
}

// ---- tokens with a maker's mark

enum class Body { alnum, upper, wordy, dotted };  // wordy: _ and - too; dotted: and the point

struct Mark {
    std::string_view prefix;
    std::size_t shortest;  ///< Of the body.
    Body body = Body::wordy;
    bool digit = false;  ///< The mark is a word of its own: only a body with a digit is believed.
};

constexpr std::array kMarks = {
    Mark{"sbp_", 6},
    Mark{"sb_secret_", 6},
    Mark{"ghp_", 6},
    Mark{"gho_", 6},
    Mark{"ghu_", 6},
    Mark{"ghs_", 6},
    Mark{"ghr_", 6},
    Mark{"github_pat_", 6},
    Mark{"glpat-", 6},
    Mark{"gldt-", 6},
    Mark{"glrt-", 6},
    Mark{"sk_live_", 4},
    Mark{"sk_test_", 4},
    Mark{"rk_live_", 4},
    Mark{"rk_test_", 4},
    Mark{"pk_live_", 4},
    Mark{"whsec_", 6},
    Mark{"xoxa-", 4},
    Mark{"xoxb-", 4},
    Mark{"xoxe-", 4},
    Mark{"xoxp-", 4},
    Mark{"xoxr-", 4},
    Mark{"xoxs-", 4},
    Mark{"xapp-", 8, Body::wordy, true},
    Mark{"AKIA", 12, Body::upper},
    Mark{"ASIA", 12, Body::upper},
    Mark{"AIza", 20},
    Mark{"GOCSPX-", 6},
    Mark{"ya29.", 6, Body::dotted},
    Mark{"npm_", 20, Body::alnum},
    Mark{"pypi-", 30, Body::wordy, true},
    Mark{"hf_", 12, Body::alnum},
    Mark{"ntn_", 8},
    Mark{"secret_", 16, Body::alnum, true},
    Mark{"figd_", 6},
    Mark{"tvly-", 6},
    Mark{"pplx-", 6},
    Mark{"gsk_", 12},
    Mark{"nvapi-", 8},
    Mark{"ctx7sk-", 6},
    Mark{"sk-", 12, Body::wordy, true},
    Mark{"xai-", 16, Body::wordy, true},
    Mark{"fc-", 16, Body::alnum, true},
    Mark{"r8_", 16, Body::alnum, true},
    Mark{"re_", 16, Body::wordy, true},
    Mark{"dop_v1_", 6},
    Mark{"shpat_", 6},
    Mark{"lin_api_", 6},
    Mark{"apify_api_", 6},
    Mark{"dckr_pat_", 6},
    Mark{"pat-na1-", 8},
    Mark{"pat-eu1-", 8},
    Mark{"sntrys_", 8},
    Mark{"sntryu_", 8},
    Mark{"ATATT", 20},
    Mark{"SG.", 20, Body::dotted},
    Mark{"eyJ", 12, Body::dotted},
    Mark{"AGE-SECRET-KEY-", 6},
};

bool belongs(char c, Body body) {
    switch (body) {
        case Body::alnum:
            return is_alnum(c);
        case Body::upper:
            return is_upper(c) || is_digit(c);
        case Body::wordy:
            return is_alnum(c) || c == '_' || c == '-';
        case Body::dotted:
            return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '=';
    }
    return false;
}

/// Where the token that begins `text` ends; 0 where none does.
std::size_t marked_token(std::string_view text) {
    for (const Mark& mark : kMarks) {
        if (!text.starts_with(mark.prefix)) continue;
        std::size_t end = mark.prefix.size();
        while (end < text.size() && belongs(text[end], mark.body)) ++end;
        const std::string_view body = text.substr(mark.prefix.size(), end - mark.prefix.size());
        if (body.size() >= mark.shortest && (!mark.digit || has_digit(body))) return end;
    }
    return 0;
}

// ---- random runs

constexpr std::size_t kShortestRun = 40;

bool is_run_char(char c) {
    return is_alnum(c) || c == '+' || c == '/' || c == '_' || c == '-' || c == '=';
}

/// Whether this reads as made by a machine: hexadecimal, or long parts with digits among the letters.
/// A package's name of many words and numbers has neither.
bool looks_random(std::string_view run) {
    while (!run.empty() && run.back() == '=') run.remove_suffix(1);
    if (run.size() + 3 < kShortestRun) return false;
    if (std::all_of(run.begin(), run.end(), is_hex)) return has_digit(run);

    std::size_t letters = 0;
    std::size_t digits = 0;
    for (const char c : run) {
        if (is_digit(c)) ++digits;
        if (is_alpha(c)) ++letters;
        if (c == '-' || c == '_' || c == '+' || c == '/') letters = digits = 0;
        if (letters + digits >= 16 && digits >= 2 && letters >= 2) return true;
    }
    return false;
}

/// `sha256:<64 hex>`, `sha512-<base64>`, `#<commit>`, `@<commit>`: what is installed, not a secret.
bool is_digest(std::string_view before, std::string_view run) {
    if (run.starts_with("sha") && run.find('-') != npos && run.find('-') <= 6) return true;
    for (const std::string_view kind : {"sha1:", "sha256:", "sha384:", "sha512:", "md5:"}) {
        if (before.ends_with(kind)) return true;
    }
    const bool commit =
        (run.size() == 40 || run.size() == 64) && std::all_of(run.begin(), run.end(), is_hex);
    return commit && (before.ends_with('#') || before.ends_with('@'));
}

/// Base64 with '/' in it, told from a path: nothing of a path before it, and '+' or padding in it.
bool is_base64_with_slashes(std::string_view before, std::string_view run) {
    if (run.find('/') == npos || run.starts_with('/')) return false;
    if (before.ends_with('.') || before.ends_with('~')) return false;
    return run.ends_with('=') || run.find('+') != npos;
}

/// One run without '=' in its middle, at `at` of `text`. In a URL a path component may be the secret
/// (https://host/mcp/s/<key>); in a local path it is the name of a directory.
void judge_run(std::string_view text, std::size_t at, std::size_t size, bool in_url, Spans& spans) {
    if (size < kShortestRun) return;
    const std::string_view run = text.substr(at, size);
    if (is_base64_with_slashes(text.substr(0, at), run)) {
        if (looks_random(run)) spans.push_back({at, at + size});
        return;
    }
    std::size_t begin = at;
    while (begin < at + size) {
        const std::size_t end = std::min(text.substr(0, at + size).find('/', begin), at + size);
        const bool in_path =
            (begin > 0 && text[begin - 1] == '/') || (end < text.size() && text[end] == '/');
        const std::string_view part = text.substr(begin, end - begin);
        if (part.size() >= kShortestRun && (in_url || !in_path) && looks_random(part) &&
            !is_digest(text.substr(0, begin), part)) {
            spans.push_back({begin, end});
        }
        begin = end + 1;
    }
}

bool is_web_url(std::string_view text, std::size_t colon) {
    return !text.substr(0, colon).ends_with("file");
}

}  // namespace

void find_marked_tokens(std::string_view text, Spans& spans) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!is_alpha(text[at])) continue;
        if (at > 0 && (is_alnum(text[at - 1]) || text[at - 1] == '_' || text[at - 1] == '-')) continue;
        const std::size_t size = marked_token(text.substr(at));
        if (size == 0) continue;
        spans.push_back({at, at + size});
        at += size - 1;
    }
}

void find_url_passwords(std::string_view text, Spans& spans) {
    // The word's end and its last '@' are looked up once a word, not once a "://": a hostile line is
    // nothing but "://".
    std::size_t word_end = 0;
    std::size_t last_at = npos;
    for (std::size_t mark = text.find("://"); mark != npos; mark = text.find("://", mark + 3)) {
        if (mark == 0 || !is_alnum(text[mark - 1])) continue;
        const std::size_t begin = mark + 3;
        if (begin > word_end) {
            word_end = std::min(text.find_first_of(kUrlEnds, begin), text.size());
            const std::size_t at = text.substr(0, word_end).rfind('@');
            last_at = at != npos && at >= begin ? at : npos;
        }
        const std::size_t authority_end = std::min(text.find_first_of("/?#", begin), word_end);
        const std::string_view authority = text.substr(begin, authority_end - begin);
        const std::size_t colon = authority.find(':');
        const std::size_t at = authority.rfind('@');

        if (at != npos && colon != npos && colon < at) {
            if (colon + 1 < at) spans.push_back({begin + colon + 1, begin + at});
        } else if (at != npos) {
            const std::string_view user = authority.substr(0, at);
            if (user.size() >= 16 && has_digit(user)) spans.push_back({begin, begin + at});
        } else if (colon != npos && last_at != npos && last_at > authority_end) {
            // A password with a '/' or '#' in it, as people write them; digits would be a port.
            const std::string_view rest = authority.substr(colon + 1);
            if (!std::all_of(rest.begin(), rest.end(), is_digit) && !authority.starts_with('[')) {
                spans.push_back({begin + colon + 1, last_at});
            }
        }
    }
}

void find_private_keys(std::string_view text, Spans& spans) {
    constexpr std::string_view kBegin = "-----BEGIN ";
    for (std::size_t at = text.find(kBegin); at != npos; at = text.find(kBegin, at + kBegin.size())) {
        const std::string_view label = text.substr(at + kBegin.size(), 64);
        const std::size_t label_end = label.find("PRIVATE KEY");
        if (label_end == npos || label.find('-') < label_end) continue;
        const std::size_t end = text.find("-----END", at);
        const std::size_t close = end == npos ? npos : text.find("KEY-----", end);
        const std::size_t stop =
            close == npos ? text.size() : close + std::string_view("KEY-----").size();
        spans.push_back({at, stop});
        if (stop == text.size()) return;
        at = stop - kBegin.size();
    }
}

void find_random_runs(std::string_view text, Spans& spans) {
    bool in_url = false;
    for (std::size_t at = 0; at < text.size();) {
        if (!is_run_char(text[at])) {
            if (kBlanks.find(text[at]) != npos || text[at] == '"' || text[at] == '\'') in_url = false;
            if (text[at] == ':' && text.substr(at).starts_with("://")) in_url = is_web_url(text, at);
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && is_run_char(text[end])) {
            ++end;
            // name=value: the value is a run of its own; "==" is padding.
            if (text[end - 1] == '=' && end < text.size() && is_run_char(text[end]) && text[end] != '=')
                break;
        }
        judge_run(text, at, end - at, in_url, spans);
        at = end;
    }
}

}  // namespace reaper::report
