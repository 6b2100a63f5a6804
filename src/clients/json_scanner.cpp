#include "clients/json_scanner.h"

#include <charconv>
#include <utility>

#include "report/utf8.h"

namespace reaper::clients {
namespace {

constexpr std::size_t npos = std::string_view::npos;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

std::optional<unsigned> code_unit_at(std::string_view text, std::size_t at) {
    constexpr std::size_t kLength = 6;
    if (text.size() < at + kLength || text[at] != '\\' || text[at + 1] != 'u') return std::nullopt;
    unsigned unit = 0;
    const char* const end = text.data() + at + kLength;
    const auto read = std::from_chars(text.data() + at + 2, end, unit, 16);
    return read.ec == std::errc{} && read.ptr == end ? std::optional(unit) : std::nullopt;
}

bool JsonScanner::wrong(std::string why) {
    if (why_.empty()) why_ = std::move(why);
    return false;
}

bool JsonScanner::skip_trivia() {
    for (;;) {
        at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
        const std::string_view rest = text_.substr(at_);
        if (rest.starts_with("//")) {
            at_ = std::min(text_.find('\n', at_), text_.size());
        } else if (rest.starts_with("/*")) {
            const std::size_t end = text_.find("*/", at_ + 2);
            if (end == npos) return wrong("this comment has no end");
            at_ = end + 2;
        } else {
            return true;
        }
    }
}

std::optional<JsonValue> JsonScanner::value() {
    JsonValue value;
    value.span.begin = at_;
    bool fine = false;
    switch (here()) {
        case '{':
            value.kind = JsonKind::object;
            fine = container('}');
            break;
        case '[':
            value.kind = JsonKind::array;
            fine = container(']');
            break;
        case '"':
            value.kind = JsonKind::string;
            fine = string();
            break;
        default:
            value.kind = here() == '-' || is_digit(here()) ? JsonKind::number : JsonKind::literal;
            fine = value.kind == JsonKind::number ? number() : literal();
    }
    if (!fine) return std::nullopt;
    value.span.end = at_;
    return value;
}

bool JsonScanner::container(char close) {
    if (depth_ >= kMaxJsonDepth) return wrong("it is nested too deeply");
    ++depth_;
    if (!open()) return false;
    while (here() != close) {
        const bool fine = close == '}' ? member().has_value() : value().has_value();
        if (!fine) return false;
        if (!next(close) && !why_.empty()) return false;
    }
    ++at_;
    --depth_;
    return true;
}

std::optional<JsonMember> JsonScanner::member() {
    JsonMember member;
    member.key.begin = at_;
    if (here() != '"') {
        wrong(at_end() ? "a '}' is missing" : "a name in double quotes is expected");
        return std::nullopt;
    }
    if (!string()) return std::nullopt;
    member.key.end = at_;
    if (!skip_trivia()) return std::nullopt;
    if (here() != ':') {
        wrong("a ':' is missing");
        return std::nullopt;
    }
    ++at_;
    if (!skip_trivia()) return std::nullopt;
    const auto read = value();
    if (!read) return std::nullopt;
    member.value = *read;
    return member;
}

bool JsonScanner::next(char close) {
    if (!skip_trivia()) return false;
    if (here() == close && !at_end()) return false;
    if (here() != ',') return wrong(std::string("a comma or '") + close + "' is missing");
    const std::size_t comma = at_++;
    if (!skip_trivia()) return false;
    if (here() != close) return true;
    trailing_commas_.push_back(comma);
    return false;
}

bool JsonScanner::string() {
    ++at_;
    while (!at_end()) {
        const char c = text_[at_];
        if (c == '"') {
            ++at_;
            return true;
        }
        if (static_cast<unsigned char>(c) < 0x20)
            return wrong("a control character stands in a string; or its closing quote is missing");
        if (c == '\\') {
            if (!escape()) return false;
            continue;
        }
        const report::CodePoint point = report::decode_utf8(text_.substr(at_));
        if (!point.valid) return wrong("this is not UTF-8");
        at_ += point.size;
    }
    return wrong("a string has no end");
}

bool JsonScanner::escape() {
    constexpr std::size_t kLength = 6;
    const char kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (kind != 'u') {
        if (kind == '\0' || std::string_view("\"\\/bfnrt").find(kind) == npos)
            return wrong("there is no such escape");
        at_ += 2;
        return true;
    }
    const auto unit = code_unit_at(text_, at_);
    if (!unit) return wrong("\\u wants four hexadecimal digits");
    if (is_high_half(*unit)) {
        const auto low = code_unit_at(text_, at_ + kLength);
        if (low && is_low_half(*low)) {
            at_ += 2 * kLength;
            return true;
        }
    }
    if (is_high_half(*unit) || is_low_half(*unit)) half_pairs_.push_back(at_);
    at_ += kLength;
    return true;
}

bool JsonScanner::digits() {
    if (!is_digit(here())) return wrong("a digit is missing");
    while (is_digit(here())) ++at_;
    return true;
}

bool JsonScanner::number() {
    const std::size_t begin = at_;
    if (!number_text()) return false;
    double number = 0;
    const auto read = std::from_chars(text_.data() + begin, text_.data() + at_, number);
    if (read.ec == std::errc::result_out_of_range) out_of_range_.push_back({begin, at_});
    return true;
}

bool JsonScanner::number_text() {
    if (here() == '-') ++at_;
    if (here() == '0') {
        ++at_;
        if (is_digit(here())) return wrong("a number does not begin with 0");
    } else if (!digits()) {
        return false;
    }
    if (here() == '.') {
        ++at_;
        if (!digits()) return false;
    }
    if (here() != 'e' && here() != 'E') return true;
    ++at_;
    if (here() == '+' || here() == '-') ++at_;
    return digits();
}

bool JsonScanner::literal() {
    for (const std::string_view word : {"true", "false", "null"}) {
        if (!text_.substr(at_).starts_with(word)) continue;
        at_ += word.size();
        return true;
    }
    return wrong(at_end() ? "a value is expected, and the text ends" : "a value is expected");
}

}  // namespace reaper::clients
